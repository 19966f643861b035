// Errors are sentences: what went wrong, where, with which shapes, and a help line when the cause is likely.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "tensor/real.h"

namespace GRADUS {

/// The one exception type that bad input to the library raises. `what()` is one sentence, which below models/ has the
/// form `[op] what is wrong`, followed where there is a likely cause by a second line `help: …`.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
template <class... Args>
[[noreturn, gnu::cold, gnu::noinline]] void fail(fmt::format_string<const Args&...> message, const Args&... args) {
  throw Error(fmt::format(message, args...));
}
}  // namespace detail

/// Throws Error(format(message, args...)) unless `condition` holds. The arguments are formatted only then.
template <class... Args>
[[gnu::always_inline]] inline void check(bool condition, fmt::format_string<const Args&...> message,
                                         const Args&... args) {
  if (!condition) [[unlikely]]
    detail::fail<Args...>(message, args...);
}

/// a·b and a+b for sizes: throw Error when the true result does not fit, so a size never wraps.
std::int64_t checked_mul(std::int64_t a, std::int64_t b);
std::int64_t checked_add(std::int64_t a, std::int64_t b);

}  // namespace GRADUS

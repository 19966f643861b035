// What an elementwise lambda has to be, and the sentence where it is not.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>

#include "autograd/dual.h"
#include "tensor/map.h"

namespace GRADUS {

inline constexpr int kMaxArity = kernel::kMaxInputs - 1;  // how many tensors it may take

/// The lambda's captures: plain numbers, copied about as bytes.
struct Captures {
  alignas(std::max_align_t) std::array<std::byte, 32> bytes;
};

namespace detail {

/// False for a closure with a pointer or reference in it: its bytes cannot be read as a constant.
template <class F>
concept PlainCaptures = std::is_trivially_copyable_v<F> && sizeof(F) <= sizeof(Captures) &&
    requires { typename std::bool_constant<(std::bit_cast<F>(std::array<std::byte, sizeof(F)>{}), true)>; };

/// A lane for each tensor, the first a dual.
template <class F, class First, class... Rest>
inline constexpr bool takes_lanes =
    std::is_invocable_v<const F&, Dual<Batch>, std::conditional_t<true, Batch, Rest>...>;

template <class F, class... X>
constexpr void check_lambda() {
  static_assert(sizeof...(X) >= 1 && sizeof...(X) <= kMaxArity, "an elementwise op takes 1 to 5 tensors");
  static_assert((std::is_convertible_v<X, Tensor> && ...),
                "an elementwise op is applied to tensors; its lambda captures the numbers");
  static_assert(takes_lanes<F, X...>,
                "an elementwise lambda takes one `auto` argument for each tensor, and calls the functions of dual.h");
  static_assert(PlainCaptures<F>,
                "an elementwise lambda captures plain numbers by value (no Tensor, pointer or reference, at most 32 "
                "bytes); pass tensors as arguments");
}

}  // namespace detail
}  // namespace GRADUS

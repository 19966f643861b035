// What closures that outlive their scope may hold: values.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>

#include "tensor/real.h"

namespace GRADUS::detail {

/// False for a closure with a pointer or reference in it, as [&] makes: its bytes cannot be read as a constant.
template <class F>
concept PlainValues =
    requires { typename std::bool_constant<(std::bit_cast<F>(std::array<std::byte, sizeof(F)>{}), true)>; };
/// The same where it can be told: not of a closure that holds something with a destructor, such as a Tensor, or without
/// a constant of its type. A function is as good as a closure of nothing.
template <class F>
concept HoldsValues =
    !std::is_trivially_copyable_v<F> || !__is_literal_type(F) || std::is_pointer_v<F> || PlainValues<F>;

}  // namespace GRADUS::detail

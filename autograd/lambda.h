// What an elementwise lambda has to be, and the sentence where it is not.
#pragma once

#include "autograd/captures.h"
#include "autograd/dual.h"
#include "tensor/map.h"

namespace GRADUS {

inline constexpr int kMaxArity = kernel::kMaxInputs - 1;  // how many tensors it may take

/// The lambda's captures: plain numbers, copied about as bytes.
struct Captures {
  alignas(std::max_align_t) std::array<std::byte, 32> bytes;
};

namespace detail {

template <class F>
concept PlainCaptures = std::is_trivially_copyable_v<F> && sizeof(F) <= sizeof(Captures) && PlainValues<F>;

/// Why a dual is not a number, said as soon as a function has been chosen that takes it for one.
template <class N>
struct Refused {
  static_assert(never<N>, "a function of plain numbers is given a lane: in an elementwise lambda call exp(x), not "
                          "std::exp(x), and no other functions than those of dual.h");
  static constexpr bool value = true;
};

template <class>
using DualLane = Dual<Batch>;
/// A lane for each tensor: all of them duals, which see what is wrong in a formula soonest.
template <class F, class... X>
concept TakesLanes = std::is_invocable_v<const F&, DualLane<X>...>;
template <class F, class... X>
concept GivesLane = Lane<std::invoke_result_t<const F&, DualLane<X>...>>;

/// True when `f` is a lambda for elementwise(f, x…). Where it is not, one sentence says why, and nothing else is tried.
template <class F, class... X>
consteval bool is_elementwise() {
  constexpr bool arity = sizeof...(X) >= 1 && sizeof...(X) <= kMaxArity;
  static_assert(arity, "an elementwise op takes 1 to 5 tensors");
  if constexpr (arity) {
    constexpr bool tensors = (std::is_convertible_v<X, Tensor> && ...);
    static_assert(tensors, "an elementwise op is applied to tensors; its lambda captures the numbers");
    if constexpr (tensors) {
      static_assert(PlainCaptures<F>,
                    "an elementwise lambda captures plain numbers by value (no Tensor, pointer or reference, at most "
                    "32 bytes); pass tensors as arguments");
      if constexpr (PlainCaptures<F>) {
        static_assert(TakesLanes<F, X...>, "an elementwise lambda takes one `auto` argument for each tensor, and calls "
                                           "the functions of dual.h");
        if constexpr (TakesLanes<F, X...>) {
          static_assert(GivesLane<F, X...>,
                        "an elementwise lambda returns one lane value; use where(condition, a, b) instead of if or ?: "
                        "on lanes, and 0 * x + 1 for a constant");
          return GivesLane<F, X...>;
        }
      }
    }
  }
  return false;
}

}  // namespace detail
}  // namespace GRADUS

// An elementwise op is one generic lambda:
//
//   Tensor silu(const Tensor& x) { return elementwise<"silu">([](auto x) { return x * sigmoid(x); }, x); }
//
// It runs over SIMD registers to give the value and over SIMD dual numbers (dual.h) to give the derivative: forward
// mode inside the op, where the Jacobian is diagonal, reverse mode between ops, on the tape. Each value and each
// VJP is one pass over memory however long the formula; derivatives are recomputed, never stored.
//
// Templates yield only a static table of row functions per op (formula.h); broadcasting, recording and the chain rule
// are ordinary code in elementwise.cpp.
#pragma once

#include <cstring>

#include "autograd/formula.h"
#include "autograd/op.h"
#include "autograd/smooth.h"

namespace GRADUS {

inline constexpr int kMaxOrder = 2;  // how often an elementwise op can be differentiated, unless it says otherwise

namespace detail {
template <int arity>
Tensor apply(const Formula& formula, const Captures& captures, const std::array<Tensor, arity>& x);
}

/// f applied element by element to tensors that broadcast to a common shape, as an op called `name` on the tape.
/// `f` is a generic lambda that takes and returns lane values: literals, captured numbers, arithmetic, comparisons,
/// `where`, and the functions of dual.h (lgamma and digamma of its gammas). It captures numbers only, by value.
/// Derivatives are compiled up to max_order: 1 where compiling is dear and nobody differentiates twice.
template <FixedString name, int max_order = kMaxOrder, class F, class... X>
Tensor elementwise(const F& f, const X&... x) {
  static_assert(max_order >= 1 && max_order <= kMaxOrder, "an elementwise op has derivatives of order 1, or 1 and 2");
  if constexpr (detail::is_elementwise<F, X...>()) {
    constexpr int order = requires { f.slope(0, {}); } ? 1 : max_order;
    Captures captures;
    std::memcpy(captures.bytes.data(), static_cast<const void*>(&f), sizeof(F));
    return detail::apply<sizeof...(X)>(detail::Derivative<name, order, F, sizeof...(X)>::formula, captures, {x...});
  } else {
    return Tensor();
  }
}

}  // namespace GRADUS

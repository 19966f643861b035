// An elementwise op is one generic lambda:
//
//   Tensor silu(const Tensor& x) { return elementwise<"silu">([](auto x) { return x * sigmoid(x); }, x); }
//
// It runs over SIMD registers to give the value and over SIMD dual numbers (dual.h) to give the derivative: forward
// mode inside the op, where the Jacobian is diagonal, reverse mode between ops, on the tape. Each value and each
// VJP is one pass over memory however long the formula; derivatives are recomputed, never stored.
//
// The templates here yield only a static table of row functions per op (`Formula`); broadcasting, recording and the
// chain rule are ordinary code in elementwise.cpp.
#pragma once

#include <cstring>

#include "autograd/lambda.h"
#include "autograd/op.h"
#include "tensor/map.h"

namespace GRADUS {

inline constexpr int kMaxOrder = 2;  // how often an elementwise op can be differentiated

/// A string as a template argument: a lambda has no name of its own.
template <std::size_t n>
struct FixedString {
  char text[n];
  constexpr FixedString(const char (&s)[n]) { std::copy(s, s + n, text); }
};

/// One row function of an op, and where its derivatives are. Of order 0 it computes f(x…); of order k, the weighted
/// derivative g·∂ᵏf(x…), with the weight g as its first input.
struct Formula {
  const char* name;
  int order;
  int arity;
  kernel::RowFunction row;
  std::array<const Formula*, kMaxArity> partial;  // ∂/∂xᵢ of the above; null: structurally zero, kTooDeep: not compiled
};
extern const Formula kTooDeep;

namespace detail {

template <int arity>
Tensor apply(const Formula& formula, const Captures& captures, const std::array<Tensor, arity>& x);

// Input `i` as the lambda sees it when differentiating by the inputs `wrt`: only an active input is a dual.
template <int i>
Batch seed(Batch x) {
  return x;
}
template <int i, int wrt>
auto seed(Batch x) {
  if constexpr (i == wrt)
    return Dual<Batch>{x, 1};
  else
    return x;
}
template <int i, int outer, int inner>
auto seed(Batch x) {
  if constexpr (i == outer)
    return Dual<Dual<Batch>>{{x, i == inner ? 1 : 0}, {1, 0}};
  else
    return seed<i, inner>(x);
}

/// The derivative by as many variables as the result is dual in.
inline Batch derivative(Batch x) { return x; }
template <class T>
Batch derivative(Dual<T> x) {
  return derivative(x.d);
}

// The formula differentiated by the inputs `wrt`: its row function, and its entry in the table.
template <FixedString name, class F, int arity, int... wrt>
struct Derivative {
  static constexpr int order = sizeof...(wrt);

  template <std::size_t... i>
  static auto evaluate(const F& f, const Real* const* in, const std::int64_t* step, std::int64_t r,
                       std::index_sequence<i...>) {
    return f(seed<static_cast<int>(i), wrt...>(Batch::load(in[i] + r * step[i]))...);
  }
  using Inputs = std::make_index_sequence<arity>;
  using Result = decltype(evaluate(std::declval<const F&>(), nullptr, nullptr, 0, Inputs()));
  static_assert(Lane<Result>, "an elementwise lambda returns one lane value; use where(condition, a, b) instead of if "
                              "or ?: on lanes, and 0 * x + 1 for a constant");
  static constexpr bool zero = level<Result> < order;

  /// Register r of the output, counted from where the inputs are.
  static Batch result(const F& f, const Real* const* in, const std::int64_t* step, std::int64_t r) {
    if constexpr (order == 0)
      return evaluate(f, in, step, r, Inputs());
    else
      return Batch::load(in[0] + r * step[0]) * derivative(evaluate(f, in + 1, step + 1, r, Inputs()));
  }

  template <std::size_t... r>
  static void side_by_side(const F& f, Real* out, const Real* const* in, const std::int64_t* step,
                           std::index_sequence<r...>) {
    const Batch results[] = {result(f, in, step, r)...};
    (results[r].store(out + r * kLanes), ...);
  }

  [[gnu::flatten]] static void row(const void* closure, Real* out, const Real* const* in, const std::int64_t* step,
                                   std::int64_t registers) {
    const F& f = *static_cast<const F*>(closure);
    constexpr int inputs = arity + (order > 0);
    const Real* at[inputs];
    std::int64_t by[inputs];  // as `step`, which any store might change for all the compiler knows
    for (int i = 0; i < inputs; ++i) at[i] = in[i], by[i] = step[i] == 0 ? 0 : kLanes;
    const auto advance = [&](int n) {
      registers -= n, out += n * kLanes;
      for (int i = 0; i < inputs; ++i) at[i] += n * by[i];
    };
    // A formula is a chain of operations that wait for each other: six side by side keep the processor busy, or eight
    // where there are twice the registers. Second derivatives are too rare to compile so much code for.
    constexpr int together = kAvx512 ? 8 : 6;
    if constexpr (order < kMaxOrder)
      while (registers >= together)
        side_by_side(f, out, at, by, std::make_index_sequence<together>()), advance(together);
    while (registers > 0) result(f, at, by, 0).store(out), advance(1);
  }

  // Mixed partials commute: ∂ᵢ∂ⱼ is compiled once, for i ≤ j.
  template <int j>
  static constexpr const Formula* next() {
    if constexpr (order == kMaxOrder)
      return &kTooDeep;
    else if constexpr (order == 1 && ((j < wrt) && ...))
      return Derivative<name, F, arity, j, wrt...>::entry();
    else
      return Derivative<name, F, arity, wrt..., j>::entry();
  }
  template <std::size_t... j>
  static constexpr std::array<const Formula*, kMaxArity> partials(std::index_sequence<j...>) {
    return {next<static_cast<int>(j)>()...};
  }
  static constexpr const Formula* entry() { return zero ? nullptr : &formula; }
  static constexpr Formula formula{name.text, order, arity, row, partials(Inputs())};
};

}  // namespace detail

/// f applied element by element to tensors that broadcast to a common shape, as an op called `name` on the tape.
/// `f` is a generic lambda that takes and returns lane values: literals, captured numbers, arithmetic, comparisons,
/// `where`, and the functions of dual.h (lgamma and digamma of its gammas). It captures numbers only, by value.
template <FixedString name, class F, class... X>
Tensor elementwise(const F& f, const X&... x) {
  detail::check_lambda<F, X...>();
  Captures captures;
  std::memcpy(captures.bytes.data(), static_cast<const void*>(&f), sizeof(F));
  return detail::apply<sizeof...(X)>(detail::Derivative<name, F, sizeof...(X)>::formula, captures, {x...});
}

}  // namespace GRADUS

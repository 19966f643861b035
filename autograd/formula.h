// What an elementwise lambda is compiled to: a static table of row functions (`Formula`), for its value and for each
// of its derivatives.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <string_view>

#include "autograd/dual.h"
#include "autograd/lambda.h"
#include "tensor/map.h"

namespace GRADUS {

/// A string as a template argument: a lambda has no name of its own.
template <std::size_t n>
struct FixedString {
  char text[n];
  constexpr FixedString(const char (&s)[n]) { std::copy(s, s + n, text); }
};

/// The name of an op's derivative of order 0, 1 or 2.
template <int order, std::size_t n>
consteval auto title(const FixedString<n>& name) {
  constexpr std::string_view mark = order == 0 ? "" : order == 1 ? "′" : "″";
  char text[n + mark.size()]{};
  std::copy(mark.begin(), mark.end(), std::copy(name.text, name.text + n - 1, text));
  return FixedString<n + mark.size()>(text);
}

/// One row function of an op, and where its derivatives are. Of order 0 it computes f(x…); of order k, the weighted
/// derivative g·∂ᵏf(x…), with the weight g as its first input.
struct Formula {
  const char* name;   // of the op
  const char* title;  // on the tape: silu, and its derivatives silu′ and silu″
  int order;
  int arity;
  Tensor (*slope)(const void* closure, int i, std::span<const Tensor> x);  // of Smooth: ∂f/∂xᵢ in public ops
  kernel::RowFunction row;
  std::array<const Formula*, kMaxArity> partial;  // ∂/∂xᵢ of the above; null: structurally zero, kTooDeep: not compiled
};
extern const Formula kTooDeep;

/// A register whose chain rule is plain multiplication: NaN where an infinite slope meets a closed branch (dual.h).
/// That is rare, and costs less to notice afterwards than to ask at each step.
struct Hasty : Batch {
  Hasty(const Batch& x) : Batch(x) {}
  template <Number T>
  Hasty(T x) : Batch(x) {}
};
template <class S, std::same_as<Hasty> T>
T chain(const S& slope, const T& d) {
  return slope * d;
}
template <class S, std::same_as<Hasty> T>
T chain(const S& slope, const T& d, const T& more) {
  return fma(slope, d, more);
}
template <std::same_as<Hasty> T>
T over(const T& d, const Batch& divisor) {
  return d / divisor;
}
template <>
inline constexpr int level<Hasty> = 0;

namespace detail {

// Input `i` as the lambda sees it when differentiating by the inputs `wrt`: only an active input is a dual.
template <class T, int i>
Batch seed(const Batch& x) {
  return x;
}
template <class T, int i, int wrt>
auto seed(const Batch& x) {
  if constexpr (i == wrt)
    return Dual<T>{x, 1};
  else
    return x;
}
template <class T, int i, int outer, int inner>
auto seed(const Batch& x) {
  if constexpr (i == outer)
    return Dual<Dual<T>>{{x, i == inner ? 1 : 0}, {1, 0}};
  else
    return seed<T, i, inner>(x);
}

/// The derivative by as many variables as the result is dual in.
inline Batch derivative(Batch x) { return x; }
template <class T>
Batch derivative(Dual<T> x) {
  return derivative(x.d);
}

// The formula differentiated by the inputs `wrt`: its row function, and its entry in the table.
template <FixedString name, int max_order, class F, int arity, int... wrt>
struct Derivative {
  static constexpr int order = sizeof...(wrt);

  template <class T, std::size_t... i>
  static auto evaluate(const F& f, const Real* const* in, const std::int64_t* step, std::int64_t r,
                       std::index_sequence<i...>) {
    return f(seed<T, static_cast<int>(i), wrt...>(Batch::load(in[i] + r * step[i]))...);
  }
  using Inputs = std::make_index_sequence<arity>;
  using Result = decltype(evaluate<Batch>(std::declval<const F&>(), nullptr, nullptr, 0, Inputs()));
  static_assert(Lane<Result>, "an elementwise lambda returns one lane value; use where(condition, a, b) instead of if "
                              "or ?: on lanes, and 0 * x + 1 for a constant");
  static constexpr bool zero = level<Result> < order;

  /// Register r of the output, counted from where the inputs are, by duals of T.
  template <class T>
  static Batch result(const F& f, const Real* const* in, const std::int64_t* step, std::int64_t r) {
    if constexpr (order == 0)
      return evaluate<T>(f, in, step, r, Inputs());
    else
      return chain(Batch::load(in[0] + r * step[0]), T(derivative(evaluate<T>(f, in + 1, step + 1, r, Inputs()))));
  }

  /// Registers r … end - 1.
  [[gnu::flatten, gnu::noinline]] static void one_by_one(const F& f, Real* out, const Real* const* in,
                                                         const std::int64_t* step, std::int64_t r, std::int64_t end) {
    for (; r < end; ++r) result<Batch>(f, in, step, r).store(out + r * kLanes);
  }

  template <std::size_t... r>
  static void side_by_side(const F& f, Real* out, const Real* const* in, const std::int64_t* step, Batch& sum,
                           std::index_sequence<r...>) {
    const Batch results[] = {result<std::conditional_t<order == 0, Batch, Hasty>>(f, in, step, r)...};
    (results[r].store(out + r * kLanes), ...);
    if constexpr (order > 0) ((sum += results[r]), ...);
  }

  [[gnu::flatten]] static void row(const void* closure, Real* out, const Real* const* in, const std::int64_t* step,
                                   std::int64_t registers) {
    const F& f = *static_cast<const F*>(closure);
    constexpr int inputs = arity + (order > 0);
    const Real* at[inputs];
    std::int64_t by[inputs];  // as `step`, which any store might change for all the compiler knows
    for (int i = 0; i < inputs; ++i) at[i] = in[i], by[i] = step[i] == 0 ? 0 : kLanes;
    // A formula is a chain of operations that wait for each other: six side by side keep the processor busy, or eight
    // where there are twice the registers. Second derivatives are too rare to compile so much code for.
    constexpr int together = kAvx512 ? 8 : 6;
    std::int64_t r = 0;
    if constexpr (order < 2) {
      Batch sum = 0;
      for (; r + together <= registers; r += together) {
        side_by_side(f, out + r * kLanes, at, by, sum, std::make_index_sequence<together>());
        for (int i = 0; i < inputs; ++i) at[i] += together * by[i];
      }
      if (isnan(sum).any()) r = 0;  // once more, with dual.h's chain rule
    }
    one_by_one(f, out, in, step, r, registers);
  }

  // Mixed partials commute: ∂ᵢ∂ⱼ is compiled once, for i ≤ j.
  template <int j>
  static constexpr const Formula* next() {
    if constexpr (order == max_order)
      return &kTooDeep;
    else if constexpr (order == 1 && ((j < wrt) && ...))
      return Derivative<name, max_order, F, arity, j, wrt...>::entry();
    else
      return Derivative<name, max_order, F, arity, wrt..., j>::entry();
  }
  template <std::size_t... j>
  static constexpr std::array<const Formula*, kMaxArity> partials(std::index_sequence<j...>) {
    return {next<static_cast<int>(j)>()...};
  }
  static constexpr const Formula* entry() { return zero ? nullptr : &formula; }
  static constexpr auto slope() -> decltype(Formula::slope) {
    if constexpr (requires(const F& f) { f.slope(0, {}); })
      return [](const void* f, int i, std::span<const Tensor> x) { return static_cast<const F*>(f)->slope(i, x); };
    else
      return nullptr;
  }
  static constexpr auto kTitle = title<order>(name);
  static constexpr Formula formula{name.text, kTitle.text, order, arity, slope(), row, partials(Inputs())};
};

}  // namespace detail
}  // namespace GRADUS

// All the calculus of scalars: dual numbers, and one differentiation rule per function.
//
// A dual number carries a value and its derivative by one variable: v + d·ε with ε² = 0. Computing with duals
// differentiates whatever formula they run through (forward mode). By hand, x·sigmoid(x) at 2, beginning with 2 + 1ε:
//
//   sigmoid(2 + 1ε) = 0.881 + 0.105ε                                  sigmoid′(2) = 0.105, times 1
//   (2 + 1ε)·(0.881 + 0.105ε) = 1.762 + (2·0.105 + 0.881·1)ε          so the slope at 2 is 1.091
//
// T is a register of numbers (Batch), or again a
// dual, which gives second derivatives. The levels keep apart what is differentiated by what: to a Dual<T>,
// everything of a lower level, plain numbers included, is a constant.
//
// These rules, the VJPs beside each op (ops_*.cpp) and those in nn/normalize.cpp are all that is derived by hand.
#pragma once

#include <numbers>

#include "tensor/simd_erf.h"
#include "tensor/simd_gamma.h"
#include "tensor/simd_normal.h"
#include "tensor/simd_trig.h"

namespace GRADUS {

namespace detail {
template <class>
struct Refused;
}  // namespace detail

template <class T>
struct Dual {
  T v;  // value
  T d;  // derivative
  template <std::same_as<double> N>
  operator N() const noexcept(detail::Refused<N>::value);  // as std::exp(x) would: a sentence says what to call
};

/// How many derivatives deep: 0 for Batch, 1 for Dual<Batch>, 2 for Dual<Dual<Batch>>; -1 for plain numbers.
template <class T>
inline constexpr int level = std::is_arithmetic_v<T> ? -1 : -2;
template <>
inline constexpr int level<Batch> = 0;
template <class T>
inline constexpr int level<Dual<T>> = level<T> + 1;

/// What a formula computes with: a register or a dual.
template <class T>
concept Lane = level<T> >= 0;
/// What is a constant to a Dual<T>.
template <class C, class T>
concept ConstantTo = level<C> >= -1 && level<C> <= level<T>;
/// Two operands of which at least one is a dual.
template <class A, class B>
concept WithDual = level<A> >= -1 && level<B> >= -1 && (level<A> > 0 || level<B> > 0);

// clang-format off: from here on the file is a table, one rule a line.

// ----- the chain rule -----------------------------------------------------------------------------------------

/// slope·d (+ more) and d / divisor; 0 (or `more`) where d is 0, whatever the slope. d is 0 where a branch was chosen
/// that does not depend on the variable, as by relu below 0; an infinite slope, as of sqrt at 0, would make NaN of it.
/// Each part of d is asked on its own: exp(x²) has a second derivative at 0, where its first is 0.
inline Batch chain(const Batch& slope, const Batch& d) { return where(d == 0, 0, slope * d); }
inline Batch chain(const Batch& slope, const Batch& d, const Batch& more) {
  return where(d == 0, more, fma(slope, d, more)); }
inline Batch over(const Batch& d, const Batch& divisor) { return where(d == 0, 0, d / divisor); }

/// Where two derivatives meet, by one variable each, either may be the closed one.
inline Batch cross(const Batch& a, const Batch& b) { return where(a == 0, 0, chain(a, b)); }
template <class T> Dual<T> cross(Dual<T> a, Dual<T> b) { return {cross(a.v, b.v), cross(a.v, b.d) + cross(a.d, b.v)}; }

template <class T> Dual<T> chain(Dual<T> slope, Dual<T> d) {
  return {chain(slope.v, d.v), chain(slope.v, d.d, cross(slope.d, d.v))}; }
template <class T, ConstantTo<T> C> Dual<T> chain(C slope, Dual<T> d) { return {chain(slope, d.v), chain(slope, d.d)}; }
template <class S, class T> Dual<T> chain(S slope, Dual<T> d, Dual<T> more) { return chain(slope, d) + more; }

template <class T> Dual<T> over(Dual<T> d, Dual<T> divisor) {
  const T q = over(d.v, divisor.v); return {q, over(d.d - cross(q, divisor.d), divisor.v)}; }
template <class T, ConstantTo<T> C> Dual<T> over(Dual<T> d, C divisor) {
  return {over(d.v, divisor), over(d.d, divisor)}; }

// ----- arithmetic ---------------------------------------------------------------------------------------------

template <class T> Dual<T> operator-(Dual<T> x) { return {-x.v, -x.d}; }

template <class T> Dual<T> operator+(Dual<T> a, Dual<T> b) { return {a.v + b.v, a.d + b.d}; }
template <class T, ConstantTo<T> C> Dual<T> operator+(Dual<T> a, C c) { return {a.v + c, a.d}; }
template <class T, ConstantTo<T> C> Dual<T> operator+(C c, Dual<T> b) { return {c + b.v, b.d}; }

template <class T> Dual<T> operator-(Dual<T> a, Dual<T> b) { return {a.v - b.v, a.d - b.d}; }
template <class T, ConstantTo<T> C> Dual<T> operator-(Dual<T> a, C c) { return {a.v - c, a.d}; }
template <class T, ConstantTo<T> C> Dual<T> operator-(C c, Dual<T> b) { return {c - b.v, -b.d}; }
template <class T> Dual<T> operator+(Dual<T> a) { return a; }

template <class T> Dual<T> operator*(Dual<T> a, Dual<T> b) { return {a.v * b.v, chain(a.v, b.d, chain(b.v, a.d))}; }
template <class T, ConstantTo<T> C> Dual<T> operator*(Dual<T> a, C c) { return {a.v * c, chain(c, a.d)}; }
template <class T, ConstantTo<T> C> Dual<T> operator*(C c, Dual<T> b) { return b * c; }
template <class T> Dual<T> fma(Dual<T> a, Dual<T> b, Dual<T> c) { return a * b + c; }

template <class T> Dual<T> operator/(Dual<T> a, Dual<T> b) {
  const T q = a.v / b.v; return {q, over(T(a.d - chain(q, b.d)), b.v)}; }
template <class T, ConstantTo<T> C> Dual<T> operator/(Dual<T> a, C c) { return {a.v / c, over(a.d, c)}; }
template <class T, ConstantTo<T> C> Dual<T> operator/(C c, Dual<T> b) {
  const T q = c / b.v; return {q, -over(chain(q, b.d), b.v)}; }

template <Lane A, class B> requires WithDual<A, B> A& operator+=(A& a, B b) { return a = a + b; }
template <Lane A, class B> requires WithDual<A, B> A& operator-=(A& a, B b) { return a = a - b; }
template <Lane A, class B> requires WithDual<A, B> A& operator*=(A& a, B b) { return a = a * b; }
template <Lane A, class B> requires WithDual<A, B> A& operator/=(A& a, B b) { return a = a / b; }

// ----- choice: comparisons look at values, `where` takes value and derivative from the chosen side -------------

inline Batch value(Batch x) { return x; }
template <class T> Batch value(Dual<T> x) { return value(x.v); }

template <class A, class B> requires WithDual<A, B> Mask operator<(A a, B b) { return value(a) < value(b); }
template <class A, class B> requires WithDual<A, B> Mask operator<=(A a, B b) { return value(a) <= value(b); }
template <class A, class B> requires WithDual<A, B> Mask operator>(A a, B b) { return value(a) > value(b); }
template <class A, class B> requires WithDual<A, B> Mask operator>=(A a, B b) { return value(a) >= value(b); }
template <class A, class B> requires WithDual<A, B> Mask operator==(A a, B b) { return value(a) == value(b); }
template <class A, class B> requires WithDual<A, B> Mask operator!=(A a, B b) { return value(a) != value(b); }

// What && and || make of masks is not a mask.
template <std::same_as<bool> C, class A, class B> requires(Lane<A> || Lane<B>) auto where(C, A a, B b) {
  static_assert(detail::never<C>, "use where(condition, a, b) with & and | instead of && and || on lanes");
  if constexpr (Lane<A>) return a; else return b; }
template <class T> Dual<T> where(Mask m, Dual<T> a, Dual<T> b) { return {where(m, a.v, b.v), where(m, a.d, b.d)}; }
template <class T, ConstantTo<T> C> Dual<T> where(Mask m, Dual<T> a, C c) {
  return {where(m, a.v, c), where(m, a.d, 0)}; }
template <class T, ConstantTo<T> C> Dual<T> where(Mask m, C c, Dual<T> b) {
  return {where(m, c, b.v), where(m, 0, b.d)}; }

/// The larger / the smaller, NaN if either is; at a tie the first, and so its derivative.
template <class A, class B> requires WithDual<A, B> auto max(A a, B b) {
  return where((a >= b) | (value(a) != value(a)), a, b); }
template <class A, class B> requires WithDual<A, B> auto min(A a, B b) {
  return where((a <= b) | (value(a) != value(a)), a, b); }

/// |x|; the derivative at 0 is 0.
template <class T> Dual<T> abs(Dual<T> x) {
  return {abs(x.v), where(value(x) > 0, x.d, where(value(x) < 0, -x.d, 0))}; }

// ----- functions ----------------------------------------------------------------------------------------------

template <class T> Dual<T> exp(Dual<T> x) { const T y = exp(x.v); return {y, chain(y, x.d)}; }
template <class T> Dual<T> log(Dual<T> x) { return {log(x.v), over(x.d, x.v)}; }
template <class T> Dual<T> log1p(Dual<T> x) { return {log1p(x.v), over(x.d, x.v + 1)}; }
template <class T> Dual<T> expm1_slope(Dual<T> x) { const T y = expm1_slope(x.v); return {y, chain(y, x.d)}; }
template <class T> Dual<T> expm1(Dual<T> x) { return {expm1(x.v), chain(expm1_slope(x.v), x.d)}; }
template <class T> Dual<T> sqrt(Dual<T> x) { const T y = sqrt(x.v); return {y, over(x.d, 2 * y)}; }
template <class T> Sloped<Dual<T>> tanh_sloped(Dual<T> x) {
  const auto [y, slope] = tanh_sloped(x.v); return {{y, chain(slope, x.d)}, {slope, chain(-2 * y * slope, x.d)}}; }
template <class T> Dual<T> tanh(Dual<T> x) { const auto [y, slope] = tanh_sloped(x.v); return {y, chain(slope, x.d)}; }
template <class T> Sloped<Dual<T>> sigmoid_sloped(Dual<T> x) {  // 1 - 2σ(x), without cancellation, is -tanh(x/2)
  const auto [y, slope] = sigmoid_sloped(x.v);
  return {{y, chain(slope, x.d)}, {slope, chain(-slope * tanh(0.5 * x.v), x.d)}}; }
/// 1 / (1 + e⁻ˣ)
template <class T> Dual<T> sigmoid(Dual<T> x) {
  const auto [y, slope] = sigmoid_sloped(x.v); return {y, chain(slope, x.d)}; }
/// log(1 + eˣ)
template <class T> Dual<T> softplus(Dual<T> x) { return {softplus(x.v), chain(sigmoid(x.v), x.d)}; }
/// 2/√π ∫₀ˣ e^(-t²) dt
template <class T> Dual<T> erf(Dual<T> x) {
  return {erf(x.v), chain(2 * std::numbers::inv_sqrtpi * exp(-(x.v * x.v)), x.d)}; }
/// e^(-x²/2), and the normal distribution function, of which it is the slope but for 1/√2π
template <class T> Dual<T> exp_minus_half_square(Dual<T> x) {
  const T y = exp_minus_half_square(x.v); return {y, chain(-x.v * y, x.d)}; }
template <class T> Dual<T> normal_cdf(Dual<T> x) {
  constexpr double factor = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  return {normal_cdf(x.v), chain(factor * exp_minus_half_square(x.v), x.d)}; }
template <class T> Dual<T> cos(Dual<T> x);
template <class T> Dual<T> sin(Dual<T> x) { return {sin(x.v), chain(cos(x.v), x.d)}; }
template <class T> Dual<T> cos(Dual<T> x) { return {cos(x.v), chain(-sin(x.v), x.d)}; }
template <class T> Dual<T> lgamma(Dual<T> x) { return {lgamma(x.v), chain(digamma(x.v), x.d)}; }
template <class T> Dual<T> digamma(Dual<T> x) { return {digamma(x.v), chain(trigamma(x.v), x.d)}; }
template <class T> Dual<T> trigamma(Dual<T> x) { return {trigamma(x.v), chain(tetragamma(x.v), x.d)}; }

/// xʸ. d/dx = y·xʸ⁻¹, 0 where y = 0 (if y is a dual, only where xʸ⁻¹ is not finite: it is ∂²/∂x∂y there);
/// d/dy = xʸ·log x, 0 where x = 0.
template <class X, class Y> auto pow_dx(X x, Y y) {
  const auto p = pow(x, y - 1);
  return where((value(y) == 0) & (level<Y> > 0 ? value(p) - value(p) != 0 : value(y) == 0), 0, y * p); }
template <class X, class Y> auto pow_dy(X x, Y y) { return where(value(x) == 0, 0, pow(x, y) * log(x)); }
template <class T> Dual<T> pow(Dual<T> x, Dual<T> y) {
  return {pow(x.v, y.v), chain(pow_dx(x.v, y.v), x.d, chain(pow_dy(x.v, y.v), y.d))}; }
template <class T, ConstantTo<T> C> Dual<T> pow(Dual<T> x, C c) { return {pow(x.v, c), chain(pow_dx(x.v, c), x.d)}; }
template <class T, ConstantTo<T> C> Dual<T> pow(C c, Dual<T> y) { return {pow(c, y.v), chain(pow_dy(c, y.v), y.d)}; }

// clang-format on

}  // namespace GRADUS

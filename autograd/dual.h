// All the calculus of scalars: dual numbers, and one differentiation rule per function.
//
// A dual number carries a value and its derivative with respect to one variable: v + d·ε with ε² = 0. Computing
// with duals differentiates whatever formula they run through (forward mode). T is a register of numbers
// (Batch), or again a dual, which gives second derivatives. The levels keep apart what is differentiated by what:
// for a Dual<T> everything of a lower level, plain numbers included, is a constant.
//
// These rules and the VJPs beside each op (ops_*.cpp) are the only derivatives written by hand.
#pragma once

#include <concepts>
#include <numbers>

#include "tensor/simd.h"

namespace gradus::inline GRADUS_FLAVOUR {

template <class T>
struct Dual {
  T v;  // value
  T d;  // derivative
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
template <class T>
concept Operand = level<T> >= -1;
/// Two operands of which at least one is a dual.
template <class A, class B>
concept WithDual = Operand<A> && Operand<B> && (level<A> > 0 || level<B> > 0);

/// The value without any derivative.
inline Batch value(Batch x) { return x; }
template <class T>
Batch value(Dual<T> x) {
  return value(x.v);
}
template <class T>
  requires std::is_arithmetic_v<T>
Batch value(T x) {
  return x;
}

// ----- arithmetic ---------------------------------------------------------------------------------------------

template <class T>
Dual<T> operator-(Dual<T> x) {
  return {-x.v, -x.d};
}

template <class A, class B>
  requires WithDual<A, B>
auto operator+(A a, B b) {
  if constexpr (level<A> == level<B>)
    return A{a.v + b.v, a.d + b.d};
  else if constexpr (level<A> > level<B>)
    return A{a.v + b, a.d};
  else
    return B{a + b.v, b.d};
}

template <class A, class B>
  requires WithDual<A, B>
auto operator-(A a, B b) {
  if constexpr (level<A> == level<B>)
    return A{a.v - b.v, a.d - b.d};
  else if constexpr (level<A> > level<B>)
    return A{a.v - b, a.d};
  else
    return B{a - b.v, -b.d};
}

template <class A, class B>
  requires WithDual<A, B>
auto operator*(A a, B b) {
  if constexpr (level<A> == level<B>)
    return A{a.v * b.v, a.d * b.v + a.v * b.d};
  else if constexpr (level<A> > level<B>)
    return A{a.v * b, a.d * b};
  else
    return B{a * b.v, a * b.d};
}

template <class A, class B>
  requires WithDual<A, B>
auto operator/(A a, B b) {
  if constexpr (level<A> == level<B>) {
    const auto quotient = a.v / b.v;
    return A{quotient, (a.d - quotient * b.d) / b.v};
  } else if constexpr (level<A> > level<B>) {
    return A{a.v / b, a.d / b};
  } else {
    const auto quotient = a / b.v;
    return B{quotient, -quotient * b.d / b.v};
  }
}

template <Lane A, class B>
  requires WithDual<A, B>
A& operator+=(A& a, B b) {
  return a = a + b;
}
template <Lane A, class B>
  requires WithDual<A, B>
A& operator-=(A& a, B b) {
  return a = a - b;
}
template <Lane A, class B>
  requires WithDual<A, B>
A& operator*=(A& a, B b) {
  return a = a * b;
}

// ----- choice: comparisons look at values, `where` takes value and derivative from the chosen side -------------

template <class A, class B>
  requires WithDual<A, B>
Mask operator<(A a, B b) {
  return value(a) < value(b);
}
template <class A, class B>
  requires WithDual<A, B>
Mask operator<=(A a, B b) {
  return value(a) <= value(b);
}
template <class A, class B>
  requires WithDual<A, B>
Mask operator>(A a, B b) {
  return value(a) > value(b);
}
template <class A, class B>
  requires WithDual<A, B>
Mask operator>=(A a, B b) {
  return value(a) >= value(b);
}
template <class A, class B>
  requires WithDual<A, B>
Mask operator==(A a, B b) {
  return value(a) == value(b);
}
template <class A, class B>
  requires WithDual<A, B>
Mask operator!=(A a, B b) {
  return value(a) != value(b);
}

template <class A, class B>
  requires WithDual<A, B>
auto where(Mask condition, A a, B b) {
  if constexpr (level<A> == level<B>)
    return A{where(condition, a.v, b.v), where(condition, a.d, b.d)};
  else if constexpr (level<A> > level<B>)
    return A{where(condition, a.v, b), where(condition, a.d, 0)};
  else
    return B{where(condition, a, b.v), where(condition, 0, b.d)};
}

/// The larger, NaN if either is; at a tie the first, and so its derivative.
template <class A, class B>
  requires WithDual<A, B>
auto max(A a, B b) {
  return where((a >= b) | (value(a) != value(a)), a, b);
}
/// The smaller, NaN if either is; at a tie the first.
template <class A, class B>
  requires WithDual<A, B>
auto min(A a, B b) {
  return where((a <= b) | (value(a) != value(a)), a, b);
}

/// |x|; the derivative at 0 is 0.
template <class T>
Dual<T> abs(Dual<T> x) {
  return {abs(x.v), x.d * where(value(x) > 0, 1, where(value(x) < 0, -1, 0))};
}

// ----- functions ----------------------------------------------------------------------------------------------

template <class T>
Dual<T> exp(Dual<T> x) {
  const T y = exp(x.v);
  return {y, y * x.d};
}
template <class T>
Dual<T> log(Dual<T> x) {
  return {log(x.v), x.d / x.v};
}
template <class T>
Dual<T> log1p(Dual<T> x) {
  return {log1p(x.v), x.d / (x.v + 1)};
}
template <class T>
Dual<T> expm1(Dual<T> x) {
  const T y = expm1(x.v);
  return {y, (y + 1) * x.d};
}
template <class T>
Dual<T> sqrt(Dual<T> x) {
  const T y = sqrt(x.v);
  return {y, x.d / (2 * y)};
}
template <class T>
Dual<T> tanh(Dual<T> x) {
  const T y = tanh(x.v);
  return {y, (1 - y) * (1 + y) * x.d};
}
/// 1 / (1 + e⁻ˣ)
template <class T>
Dual<T> sigmoid(Dual<T> x) {
  const T y = sigmoid(x.v);
  return {y, y * (1 - y) * x.d};
}
/// log(1 + eˣ)
template <class T>
Dual<T> softplus(Dual<T> x) {
  return {softplus(x.v), sigmoid(x.v) * x.d};
}
/// 2/√π ∫₀ˣ e^(-t²) dt
template <class T>
Dual<T> erf(Dual<T> x) {
  return {erf(x.v), 2 * std::numbers::inv_sqrtpi * exp(-(x.v * x.v)) * x.d};
}

/// xʸ. d/dx = y·xʸ⁻¹ (0 where y = 0); d/dy = xʸ·log x (0 where x = 0).
template <class A, class B>
  requires WithDual<A, B>
auto pow(A x, B y) {
  const auto dx = [](auto x, auto y) { return where(value(y) == 0, 0, y * pow(x, y - 1)); };
  const auto dy = [](auto x, auto y) {
    if constexpr (std::is_arithmetic_v<decltype(x)>)
      return where(value(x) == 0, 0, pow(x, y) * log(Batch(x)));
    else
      return where(value(x) == 0, 0, pow(x, y) * log(x));
  };
  if constexpr (level<A> == level<B>)
    return A{pow(x.v, y.v), dx(x.v, y.v) * x.d + dy(x.v, y.v) * y.d};
  else if constexpr (level<A> > level<B>)
    return A{pow(x.v, y), dx(x.v, y) * x.d};
  else
    return B{pow(x, y.v), dy(x, y.v) * y.d};
}

}  // namespace gradus::inline GRADUS_FLAVOUR

// The normal distribution function Φ on SIMD lanes, with all its digits far below 0.
//
// Φ(-s) = e^(-s²/2)·M(s), where Mills's ratio M (but for its constant factor) falls from 1/2 only as 1/s. M·(s + kBend)
// is smooth in 1/(s + kBend), so that one polynomial and one division serve all s. Its coefficients are Chebyshev's,
// found by the compiler from M at their nodes.
#pragma once

#include <numbers>

#include "tensor/simd_math.h"

namespace GRADUS {

namespace detail {

inline constexpr Real kNormalFar = kSingle ? 14.5 : 38.7;  // from here on e^(-s²/2) is 0
inline constexpr Real kBend = 2;

/// Φ(-s)·e^(s²/2) for s ≥ 0: by its Taylor series (M′ = s·M - 1/√2π) or continued fraction (Laplace).
constexpr long double mills(long double s) {
  constexpr long double density = 0.398942280401432677939946059934L;
  if (s >= 1) {
    long double fraction = s;
    for (int k = 400; k > 0; --k) fraction = s + k / fraction;
    return density / fraction;
  }
  long double sum = 0, power = 1, before = 0, term = 0.5L;  // terms of the orders k - 1 and k, without their powers
  for (int k = 0; k < 60; ++k) {
    sum += term * power;
    power *= s;
    const long double next = (before - (k == 0 ? density : 0)) / (k + 1);
    before = term;
    term = next;
  }
  return sum;
}

/// u = kMillsShift - kMillsScale/(s + kBend) runs from -1 to 1 as s does from 0 to kNormalFar.
inline constexpr long double kMillsScale = 2.0L * kBend * (kNormalFar + kBend) / kNormalFar;
inline constexpr long double kMillsShift = kMillsScale / kBend - 1;

/// (s + kBend)·M(s) in powers of u.
inline constexpr auto kMillsSeries = [] {
  constexpr int terms = kSingle ? 13 : 28;
  std::array<long double, terms> sums{};  // Chebyshev's coefficients by the discrete cosine transform
  for (int i = 0; i < terms; ++i) {
    const long double angle = std::numbers::pi_v<long double> * (2 * i + 1) / (2 * terms);
    long double node = 0, term = 1;  // cos(angle)
    for (int k = 1; k < 60; k += 2) {
      node += term;
      term *= -angle * angle / (k * (k + 1));
    }
    const long double reach = kMillsScale / (kMillsShift - node), value = reach * mills(reach - kBend);
    long double before = node, now = 1;  // T₋₁ = T₁, T₀
    for (int k = 0; k < terms; ++k) {
      sums[k] += value * now * (k == 0 ? 1.0L : 2.0L) / terms;
      const long double next = 2 * node * now - before;
      before = now;
      now = next;
    }
  }
  Series<terms> c{}, before{}, now{};  // Chebyshev's polynomials in powers of u
  now[0] = 1;
  for (int k = 0; k < terms; ++k) {
    for (int i = 0; i < terms; ++i) c[i] += sums[k] * now[i];
    Series<terms> next{};
    for (int i = 0; i < terms; ++i) next[i] = (k == 0 ? 1 : 2) * (i > 0 ? now[i - 1] : 0) - before[i];
    before = now;
    now = next;
  }
  return rounded(c);
}();

}  // namespace detail

/// e^(-x²/2), 2 ulp: x² keeps what its rounding would lose.
inline Batch exp_minus_half_square(const Batch& x) {
  using namespace detail;
  const Batch s = at_most(abs(x), kNormalFar), square = s * s;
  const Batch e = exp(-0.5 * square);
  return fma(e, -0.5 * product_error(s, s, square), e);
}

/// Φ(x) = ½(1 + erf(x/√2)), 5.5 ulp (8 in double).
inline Batch normal_cdf(const Batch& x) {
  using namespace detail;
  const Batch inverse = 1 / (at_most(abs(x), kNormalFar) + kBend);
  const Batch u = fma(inverse, -kMillsScale, kMillsShift);
  const Batch below = exp_minus_half_square(x) * (inverse * horner(u, kMillsSeries));
  return where(x > 0, 1 - below, below);
}

}  // namespace GRADUS

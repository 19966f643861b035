// The error function on SIMD lanes: erf(x) = 1 - e^-g(x) for x ≥ 0, where g(x) = -log(1 - erf(x)).
//
// g rises smoothly, as 2x/√π at first and as x² far out, so one polynomial serves the whole range, and erf takes over
// no more than its relative error. All terms of its Taylor series follow from the first, for its derivative
// m = 2/√π·e^(-x²) / (1 - erf(x)) obeys m' = m² - 2xm.
#pragma once

#include <numbers>

#include "tensor/series.h"
#include "tensor/simd_math.h"

namespace GRADUS {

namespace detail {

/// 1 - erf(x) is below half an ulp of 1 from here on.
inline constexpr int kErfFar = kSingle ? 4 : 6;

/// g'(0) = 2/√π
inline constexpr Real kErfSlope = static_cast<Real>(2 * std::numbers::inv_sqrtpi_v<long double>);

/// g(x) / x - kErfSlope for 0 ≤ x ≤ kErfFar, in powers of x: the Taylor series at the middle, telescoped.
inline constexpr auto kErfSeries = [] {
  constexpr int terms = kSingle ? 12 : 36, taylor = kSingle ? 40 : 120;
  constexpr long double middle = kErfFar / 2;
  // All series are in u = x/middle - 1. m(middle) is a continued fraction (Laplace; Abramowitz and Stegun 7.1.14).
  Series<taylor> m{}, g{}, q{};
  long double fraction = middle;
  for (int k = 60; k > 0; --k) fraction = middle + k / (2 * fraction);
  m[0] = 2 * fraction;
  for (int k = 1; k < taylor; ++k) {
    long double sum = -2 * middle * (m[k - 1] + (k > 1 ? m[k - 2] : 0));
    for (int i = 0; i < k; ++i) sum += m[i] * m[k - 1 - i];
    m[k] = sum * middle / k;
  }
  for (int k = 1; k < taylor; ++k) {  // g = middle·∫m du, 0 at u = -1
    g[k] = middle * m[k - 1] / k;
    g[0] += k % 2 ? g[k] : -g[k];
  }
  for (int k = 0; k < taylor; ++k) q[k] = g[k] / middle - (k > 0 ? q[k - 1] : 0);  // divided by x = middle·(1 + u)
  Series<terms> few = shifted(telescoped<terms>(q), -1);                           // in powers of 1 + u
  few[0] -= kErfSlope;
  return rounded(stretched(few, 1 / middle));
}();

}  // namespace detail

/// The error function, 2.5 ulp; -0 stays -0.
inline Batch erf(const Batch& x) {
  using namespace detail;
  const Batch size = at_most(abs(x), kErfFar);
  const Batch g = fma(size, kErfSlope, size * polynomial(size, kErfSeries));
  return copysign(-expm1(-g), x);
}

}  // namespace GRADUS

// log Γ and its derivatives on SIMD lanes: lgamma, digamma, trigamma, tetragamma.
//
// Far out all four are one asymptotic series (Stirling's, and its derivatives); the recurrence Γ(x + 1) = x·Γ(x) leads
// there, and the reflection Γ(x)·Γ(1 - x) = π / sin πx from the negative numbers. Around its zeros 1 and 2 lgamma is a
// Taylor series instead, so that what is left near them keeps its digits. Formulas: Abramowitz and Stegun, chapter 6.
//
// Errors are in ulp of the result from 0 up, except for digamma, whose terms cancel at its zero 1.4616…: of the larger of
// the result and 1. Below 0 terms cancel at every zero: there in ulp of the largest of the result, 1, and the function
// at 1 - x.
#pragma once

#include <numbers>

#include "tensor/simd_math.h"

namespace GRADUS {

namespace detail {

/// B₂, B₄, …
inline constexpr std::array<long double, 9> kBernoulli{
    1.0L / 6, -1.0L / 30, 1.0L / 42, -1.0L / 30, 5.0L / 66, -691.0L / 2730, 7.0L / 6, -3617.0L / 510, 43867.0L / 798};
/// From here on so many terms of the asymptotic series give all digits.
inline constexpr int kFar = kSingle ? 6 : 12;
inline constexpr std::size_t kFarTerms = kSingle ? 4 : 9;

/// For ψ⁽ⁿ⁾, the n-th derivative of ψ = (log Γ)′ (so n = -1 is log Γ): the factors of y^-(n+2k) in its series in 1/y,
/// but for the sign: B₂ₖ·(2k+n-1)! / (2k)!
template <int n>
inline constexpr auto kFarSeries = [] {
  std::array<Real, kFarTerms> c{};
  for (int k = 1; k <= static_cast<int>(c.size()); ++k) {
    long double factor = kBernoulli[k - 1];
    for (int i = 2 * k + n; i <= 2 * k; ++i) factor /= i;     // for n ≤ 0 …
    for (int i = 2 * k + 1; i < 2 * k + n; ++i) factor *= i;  // … and above
    c[k - 1] = static_cast<Real>(factor);
  }
  return c;
}();

/// The part of ψ⁽ⁿ⁾(y), y ≥ kFar, that is a series in u = 1/y: u^(n+2)·(c₀ + c₁u² + …), without its sign.
template <int n>
[[gnu::always_inline]] inline Batch far_series(const Batch& u) {
  Batch sum = polynomial(u * u, kFarSeries<n>);
  for (int i = 0; i < n + 2; ++i) sum *= u;
  return sum;
}

/// (log Γ(2 + z) - (1 - γ)·z) / z² = Σ (-1)^k·(ζ(k) - 1)/k · z^(k-2), k ≥ 2, for |z| ≤ 1/2.
inline constexpr auto kNearSeries = [] {
  std::array<Real, kSingle ? 12 : 25> c{};
  for (int k = 2; k < static_cast<int>(c.size()) + 2; ++k) {
    // ζ(k) - 1 by Euler and Maclaurin: the terms 2^-k … 15^-k, and the integral from 16 with its corrections.
    const auto power = [](long double x, int n) {
      long double p = 1;
      for (; n > 0; --n) p /= x;
      return p;
    };
    long double zeta = power(16, k - 1) / (k - 1) + power(16, k) / 2, rising = k / 2.0L;
    for (int j = 1; j <= 6; ++j) {
      zeta += kBernoulli[j - 1] * rising * power(16, k + 2 * j - 1);
      rising *= static_cast<long double>(k + 2 * j - 1) * (k + 2 * j) / ((2 * j + 1) * (2 * j + 2));
    }
    for (int i = 15; i >= 2; --i) zeta += power(i, k);
    c[k - 2] = static_cast<Real>((k % 2 == 0 ? zeta : -zeta) / k);
  }
  return c;
}();

/// x, or 1 - x where x < `from`; and there sin πx and cos πx, up to a sign that they share.
struct Reflection {
  Mask mirrored;
  Batch y, sin, cos;
  Reflection(const Batch& x, Real from) : mirrored(x < from), y(where(mirrored, 1 - x, x)), sin(0), cos(0) {
    if (!mirrored.any()) return;
    const Batch above = x - floor(x);                                      // exact below -1/2
    const Batch t = where(x > -0.5, x, above - where(above > 0.5, 1, 0));  // from the nearest integer
    const Batch across = 0.5 - abs(t);                                     // and from the nearest half
    const Mask inner = abs(t) <= 0.25;
    const Batch angle = std::numbers::pi * where(inner, t, across);
    const Batch sine = sin_near_zero(angle), cosine = cos_near_zero(angle);
    sin = where(inner, sine, copysign(cosine, t));
    cos = where(inner, cosine, sine);
  }
};

/// Σ 1/(y + i)^power over i = 0, 1, … while y + i < kFar, where y arrives.
template <int power>
[[gnu::always_inline]] inline Batch climb(Batch& y) {
  Batch sum = 0;
  for (Mask below = y < kFar; below.any(); below = y < kFar) {
    Batch term = 1 / y;
    for (int i = 1; i < power; ++i) term = term / y;
    sum += where(below, term, 0);
    y += where(below, 1, 0);
  }
  return sum;
}

}  // namespace detail

/// log |Γ(x)|, 7.5 ulp, also next to its zeros 1 and 2; +inf at 0, -1, -2, … and at ±inf.
inline Batch lgamma(const Batch& x) {
  using namespace detail;
  const Reflection r(x, -0.5);
  const Batch& y = r.y;
  const Mask far = y >= kFar, low = y < 1.5;
  // Γ(y) = Γ(2 + z)·product, or Γ(2 + z) / product where y is low.
  Batch z = where(y < 0.5, y, where(low, y - 1, where(far, 0, y - 2)));
  Batch product = where(low, abs(where(y < 0.5, y * (y + 1), y)), 1);
  for (Mask above = z > 0.5; above.any(); above = z > 0.5) {
    product *= where(above, z + 1, 1);
    z -= where(above, 1, 0);
  }
  const Batch l = log(where(far, y, product));
  const Batch near = z * fma(z, polynomial(z, kNearSeries), 1 - std::numbers::egamma) + where(low, -l, l);
  constexpr long double stirling = 0.418938533204672741780329736406L;  // ½·log(2π) - ½
  const Batch result = where(far, (y - 0.5) * (l - 1) + (stirling + far_series<-1>(1 / y)), near);
  if (!r.mirrored.any()) return result;
  constexpr long double log_pi = 1.14472988584940017414342735135L;
  const Batch mirrored = log_pi - log(abs(r.sin)) - result;
  return where(r.mirrored, where((r.sin == 0) | (x == -kInfinity), kInfinity, mirrored), result);
}

/// ψ = (log Γ)′, 9.5 ulp; ∓inf at ±0, NaN at -1, -2, … and at -inf.
inline Batch digamma(const Batch& x) {
  using namespace detail;
  const Reflection r(x, 0);
  Batch y = r.y;
  const Batch climbed = climb<1>(y), u = 1 / y;
  const Batch result = log(y) - 0.5 * u - far_series<0>(u) - climbed;
  return where(r.mirrored, where(r.sin == 0, kNaN, result - std::numbers::pi * r.cos / r.sin), result);
}

/// ψ′ = Σ 1/(x + i)², 5 ulp, below 0 7.5; +inf at 0, -1, -2, …, NaN at -inf.
inline Batch trigamma(const Batch& x) {
  using namespace detail;
  const Reflection r(x, 0);
  Batch y = r.y;
  const Batch climbed = climb<2>(y), u = 1 / y;
  const Batch result = climbed + (u + (0.5 * u * u + far_series<1>(u)));
  const Batch cosecant = std::numbers::pi / r.sin;
  return where(r.mirrored, cosecant * cosecant - result, result);
}

/// ψ″ = -2·Σ 1/(x + i)³, 5 ulp, below 0 11; ∓inf at ±0, NaN at -1, -2, … and at -inf.
inline Batch tetragamma(const Batch& x) {
  using namespace detail;
  const Reflection r(x, 0);
  Batch y = r.y;
  const Batch climbed = climb<3>(y), u = 1 / y;
  const Batch result = -(2 * climbed + (u * u + (u * u * u + far_series<2>(u))));
  const Batch cosecant = std::numbers::pi / r.sin;
  const Batch mirrored = result - 2 * r.cos * (cosecant * cosecant * cosecant);
  return where(r.mirrored, where(r.sin == 0, kNaN, mirrored), result);
}

}  // namespace GRADUS

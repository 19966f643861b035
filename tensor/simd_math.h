// The elementary functions on SIMD lanes: exp, log, pow and what is made of them, over the whole range.
//
// Errors are in units in the last place (ulp) of the true value, in float, over the whole range; NaN gives NaN
// unless said otherwise. Polynomials are Taylor series, as such or telescoped by the compiler (series.h): so no
// coefficient is taken on trust. Inlining is forced where a call would send registers through memory.
#pragma once

#include <array>
#include <limits>
#include <utility>

#include "tensor/lanes.h"
#include "tensor/series.h"

namespace GRADUS {

namespace detail {

inline constexpr bool kSingle = sizeof(Real) == 4;
inline constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
inline constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();
inline constexpr int kMantissa = std::numeric_limits<Real>::digits - 1;  // stored bits: 23 or 52
inline constexpr int kBias = std::numeric_limits<Real>::max_exponent - 1;
inline constexpr Real kLog2E = static_cast<Real>(1.44269504088896340736L);
// ln 2 in two parts; the first has so few bits that its product with any exponent is exact (Cody and Waite).
inline constexpr Real kLn2High = kSingle ? 0x1.62ep-1 : 0x1.62e42feep-1;
inline constexpr Real kLn2Low = static_cast<Real>(0.693147180559945309417232121458L - kLn2High);
// Where exp leaves the range of the type, with a margin; at the lower end beyond the last subnormal.
inline constexpr Real kExpHigh = kSingle ? 89 : 710;
inline constexpr Real kExpLow = kSingle ? -104.5 : -746;

/// c[0] + c[1]·x + c[2]·x² + … by Horner's rule: the least to do and to keep where registers go side by side, but each
/// step waits for the one before.
template <std::size_t N>
[[gnu::always_inline]] inline Batch horner(const Batch& x, const std::array<Real, N>& c) {
  Batch p = c.back();
  for (std::size_t i = N - 1; i-- > 0;) p = fma(p, x, c[i]);
  return p;
}
/// The same: pairs of terms first, then Horner's rule on pairs, so that half as many steps wait for each other.
template <std::size_t N>
[[gnu::always_inline]] inline Batch polynomial(const Batch& x, const std::array<Real, N>& c) {
  constexpr std::size_t pairs = N / 2, top = N % 2 ? N - 1 : N - 2;
  const Batch square = x * x;
  Batch p = N % 2 ? Batch(c[top]) : fma(c[N - 1], x, c[top]);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((p = fma(p, square, fma(c[top - 1 - 2 * I], x, c[top - 2 - 2 * I]))), ...);
  }(std::make_index_sequence<N % 2 ? pairs : pairs - 1>());
  return p;
}

/// x, or the bound where x is beyond it; NaN stays NaN. One instruction, which min and max of lanes.h are not.
[[gnu::always_inline]] inline Batch at_least(const Batch& x, const Batch& bound) {
  return Lanes(larger(bound.lanes, x.lanes));
}
[[gnu::always_inline]] inline Batch at_most(const Batch& x, const Batch& bound) {
  return Lanes(smaller(bound.lanes, x.lanes));
}

/// 1/2!, 1/3!, … : (exp(r) - 1 - r) / r² for |r| ≤ ln(2)/2.
inline constexpr auto kExpSeries = [] {
  Series<20> c{};
  long double factorial = 1;
  for (std::size_t i = 0; i < c.size(); ++i) c[i] = 1 / (factorial *= i + 2);
  return rounded(telescoped<kSingle ? 5 : 11>(c, -0.3466L, 0.3466L));
}();

/// e^r - 1 for |r| ≤ ln(2)/2.
[[gnu::always_inline]] inline Batch expm1_near_zero(const Batch& r) { return fma(r * r, horner(r, kExpSeries), r); }

/// 2/3, 2/5, 2/7, … : (log((1+s)/(1-s)) / s - 2) / s² as a polynomial in s², for |s| ≤ 3 - √8.
inline constexpr auto kLogSeries = [] {
  std::array<Real, kSingle ? 4 : 10> c{};
  for (std::size_t i = 0; i < c.size(); ++i) c[i] = static_cast<Real>(2.0L / (2 * i + 3));
  return c;
}();

/// 2^n for integers n, given n + bias in the low bits, whatever stands above them.
[[gnu::always_inline]] inline Batch power_of_two(const LaneBits& n) { return from_bits(n << kMantissa); }

/// x = n·ln 2 + r, |r| ≤ ln(2)/2, so that e^x = 2^n·e^r. Where 2^n may leave the range of the type, a formula takes all
/// of its terms times 2^Lift.
template <int Lift = 0>
struct ExpParts {
  LaneBits n_bits;  // n + Lift + bias in the low bits
  Batch n, r;

  // To add 1.5·2^kMantissa leaves no room for a fraction: the sum is rounded to an integer, which its low bits hold.
  [[gnu::always_inline]] explicit ExpParts(const Batch& x) {
    constexpr Real shift = Real(1.5) * (Bits{1} << kMantissa) + (Lift + kBias);
    const Batch shifted = fma(x, kLog2E, shift);
    n_bits = bits(shifted);
    n = shifted - shift;
    r = fma(n, -kLn2Low, fma(n, -kLn2High, x));
  }
  /// 2^(n + Lift)
  [[gnu::always_inline]] Batch power() const { return power_of_two(n_bits); }
  /// (1 + y)·2^n in two steps, since 2^n alone may overflow or lose bits where the product does not.
  [[gnu::always_inline]] Batch scaled(const Batch& y) const
    requires(Lift == kBias)
  {
#if defined(__AVX512F__)  // one instruction
    constexpr auto scalef = [](auto a, auto b) {
      if constexpr (kSingle)
        return _mm512_scalef_ps(a, b);
      else
        return _mm512_scalef_pd(a, b);
    };
    return Lanes(scalef((1 + y).lanes, n.lanes));
#else
    const LaneBits half = n_bits >> 1;  // n/2 + bias in the low bits, and so is the rest
    const Batch first = power_of_two(half);
    return fma(y, first, first) * power_of_two(n_bits - half);
#endif
  }
};

/// x = 2^k·m, √½ ≤ m < √2, for positive normal x; subnormal x are `lifted` first, see below.
struct LogParts {
  Batch k, m;
  [[gnu::always_inline]] explicit LogParts(const Batch& x, const Batch& lifted = 0) {
    constexpr Bits one = std::bit_cast<Bits>(Real(1));
    constexpr Bits root_half = std::bit_cast<Bits>(static_cast<Real>(0.70710678118654752440L));
    constexpr Real shift = Bits{1} << kMantissa;  // an integer in the low bits below this one is a number above it
    const LaneBits b = bits(x) + (one - root_half);
    k = from_bits((b >> kMantissa) | std::bit_cast<Bits>(shift)) - (shift + kBias) - lifted;
    m = from_bits((b & ((Bits{1} << kMantissa) - 1)) + root_half);
  }
  static LogParts of_any(const Batch& x) {
    constexpr int lift = kMantissa + 1;
    const Mask subnormal = x < std::numeric_limits<Real>::min();
    return LogParts(where(subnormal, x * (Bits{1} << lift), x), where(subnormal, lift, 0));
  }
};

/// log(2^k·(m + c)) for a c below the last place of m. With f = m - 1 and s = f/(2 + f), log m = 2s + 2s³/3 + …,
/// and 2s = f - f²/2 + s·f²/2: the form that keeps f, the large part, exact (as in fdlibm).
[[gnu::always_inline]] inline Batch log_of(const LogParts& x, const Batch& c) {
  const Batch f = x.m - 1;
  const Batch s = f / (f + 2);
  const Batch z = s * s;
  const Batch half_square = 0.5 * f * f;
  const Batch small = fma(s, fma(z, polynomial(z, kLogSeries), half_square), fma(x.k, kLn2Low, c));
  return fma(x.k, kLn2High, f - (half_square - small));
}

/// log(1 + x) for x > -1, neither infinite nor -0.
[[gnu::always_inline]] inline Batch log1p_of(const Batch& x) {
  const Batch w = 1 + x;
  const LogParts parts(w);
  // What 1 + x lost, scaled like m and divided by it; 1/m is 2 - m in first order, enough for so small a term.
  constexpr Real shift = Real(1.5) * (Bits{1} << kMantissa) + kBias + 1;
  const Batch lost = 0.5 * (x - (w - 1)) * power_of_two(bits(shift - parts.k));
  return log_of(parts, fma(lost, 1 - parts.m, lost));
}

/// a·b - p for p = a·b rounded: exactly what the rounding lost.
[[gnu::always_inline]] inline Batch product_error(const Batch& a, const Batch& b, const Batch& p) {
  if constexpr (kFusedMultiplyAdd) {
    return fma(a, b, -p);
  } else {  // Dekker: halves whose products are exact
    const auto high = [](const Batch& x) { return from_bits(bits(x) & ~((Bits{1} << (kMantissa + 2) / 2) - 1)); };
    const Batch a1 = high(a), a2 = a - a1, b1 = high(b), b2 = b - b1;
    return ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2;
  }
}

}  // namespace detail

/// e^x, 1.1 ulp: finite up to 88.72 (709.78 in double), subnormal down to -103.97 (-745.13).
[[gnu::always_inline]] inline Batch exp(const Batch& x) {
  using namespace detail;
  const ExpParts<kBias> e(at_most(at_least(x, kExpLow), kExpHigh));
  return e.scaled(expm1_near_zero(e.r));
}

namespace detail {

/// What expm1 and its slope share: power·(1 + y) is half of e^x. Half, for 2^n may overflow where e^x does not.
struct HalfExp {
  Batch power, y;
  [[gnu::always_inline]] explicit HalfExp(const Batch& x) {
    // From here on the power is 0.
    constexpr Real lowest = (std::numeric_limits<Real>::min_exponent - 1) * (kLn2High + kLn2Low);
    const ExpParts<-1> e(at_most(at_least(x, lowest), kExpHigh));
    power = e.power();
    y = expm1_near_zero(e.r);
  }
};

}  // namespace detail

/// e^x - 1 without cancellation, 2 ulp; -0 stays -0.
[[gnu::always_inline]] inline Batch expm1(const Batch& x) {
  using namespace detail;
  const HalfExp e(x);
  const Batch half = fma(e.power, e.y, e.power - 0.5);
  return copysign(half + half, x);
}

/// The derivative of expm1, e^x, 1.4 ulp: nearly for nothing beside its value, which has lost the digits of e^x where x
/// is far below 0. 0 below -86.99 (-708.0 in double), where e^x is next to subnormal.
[[gnu::always_inline]] inline Batch expm1_slope(const Batch& x) {
  const detail::HalfExp e(x);
  const Batch half = fma(e.power, e.y, e.power);
  return half + half;
}

/// Natural logarithm, 1 ulp; -inf at ±0, NaN below.
inline Batch log(const Batch& x) {
  using namespace detail;
  const Batch special = where(x == 0, -kInfinity, where(x < 0, kNaN, x));
  return where((x > 0) & (x < kInfinity), log_of(LogParts::of_any(x), 0), special);
}

/// log(1 + x) without cancellation, 1.1 ulp; -inf at -1, NaN below; -0 stays -0.
inline Batch log1p(const Batch& x) {
  using namespace detail;
  const Batch special = where(x == -1, -kInfinity, where(x < -1, kNaN, x));
  return where((x > -1) & (x < kInfinity) & (x != 0), log1p_of(x), special);
}

namespace detail {

/// 2^64·e^x for x from kExpLow to kMantissa: never subnormal, so it has all its digits.
inline constexpr Real kRaised = 0x1p64;
[[gnu::always_inline]] inline Batch raised_exp(const Batch& x) {
  const ExpParts<64> e(x);
  const Batch power = e.power();
  return fma(power, expm1_near_zero(e.r), power);
}

/// 1/(3·4), 1/(5·4²), 1/(7·4³), … : (2·atanh(s/2) / s - 1) / s² as a polynomial in s², for 0 ≤ s ≤ 2/3.
inline constexpr auto kAtanhSeries = [] {
  Series<24> c{};
  long double power = 1;
  for (std::size_t i = 0; i < c.size(); ++i) c[i] = 1 / ((power *= 4) * (2 * i + 3));
  return rounded(telescoped<kSingle ? 5 : 10>(c, 0, 4.0L / 9));
}();

}  // namespace detail

/// 1 / (1 + e^-x), 2.5 ulp, never 0 where it has a subnormal value: as e^x / (1 + e^x), which is 1 from kMantissa on.
[[gnu::always_inline]] inline Batch sigmoid(const Batch& x) {
  using namespace detail;
  const Batch e = raised_exp(at_most(at_least(x, kExpLow), kMantissa));
  return e / (kRaised + e);
}

/// log(1 + e^x), 2.8 ulp: x for large x, e^x for small. With e = e^-|x| and s = 2e/(2 + e), log(1 + e) = 2·atanh(s/2).
[[gnu::always_inline]] inline Batch softplus(const Batch& x) {
  using namespace detail;
  const Batch e = raised_exp(at_least(-abs(x), kExpLow));
  const Batch s = (e + e) / (2 * kRaised + e), z = s * s;
  return at_least(x, 0) + fma(s * z, horner(z, kAtanhSeries), s);
}

/// 2.1 ulp; -0 stays -0. With e^-2|x| = 2^n·(1 + y), (1 - e^-2|x|) / (1 + e^-2|x|) without cancellation.
[[gnu::always_inline]] inline Batch tanh(const Batch& x) {
  using namespace detail;
  constexpr Real lowest = -kMantissa;  // e^-2|x| is below half an ulp of 1 from here on
  const ExpParts e(at_least(-2 * abs(x), lowest));
  const Batch power = e.power(), y = expm1_near_zero(e.r);
  return copysign(fma(-power, y, 1 - power) / fma(power, y, 1 + power), x);
}

/// A value and the slope there, which share what is dear about them.
template <class T>
struct Sloped {
  T value, slope;
};

/// sigmoid and its derivative, 3.5 ulp. With s = sigmoid(-|x|) that is s - s², which keeps its digits where the value
/// has come next to 1.
[[gnu::always_inline]] inline Sloped<Batch> sigmoid_sloped(const Batch& x) {
  using namespace detail;
  const Batch e = raised_exp(at_least(from_bits(bits(x) | kSign), kExpLow));
  const Batch s = e / (kRaised + e);
  return {where(x < 0, s, 1 - s), kFusedMultiplyAdd ? fma(-s, s, s) : s * (1 - s)};
}

/// tanh and its derivative, 3.5 ulp: with e = e^-2|x| that is 4e / (1 + e)², which keeps its digits where the value has
/// come next to ±1.
[[gnu::always_inline]] inline Sloped<Batch> tanh_sloped(const Batch& x) {
  using namespace detail;
  const ExpParts<64> e(at_least(-2 * abs(x), kExpLow));
  const Batch power = e.power(), y = expm1_near_zero(e.r);  // all three terms times kRaised, as in raised_exp
  const Batch inverse = 1 / fma(power, y, kRaised + power);
  return {copysign(fma(-power, y, kRaised - power) * inverse, x),
          4 * (fma(power, y, power) * inverse) * (kRaised * inverse)};
}

namespace detail {

/// From 1/0!, 1/2!, 1/4!, … with alternating signs cos, from 1/1!, 1/3!, … sin: on ±π/4 the first term left out is
/// below half a unit in the last place.
template <int first>
inline constexpr auto kCircleSeries = [] {
  std::array<Real, kSingle ? 6 : 9> c{};
  double term = 1;
  for (std::size_t i = 0; i < c.size(); ++i) {
    c[i] = static_cast<Real>(term);
    term /= -double((2 * i + first + 1) * (2 * i + first + 2));
  }
  return c;
}();

/// cos x and sin x for |x| ≤ π/4, 1.5 ulp. The bits of normal() come from here.
[[gnu::always_inline]] inline Batch cos_near_zero(const Batch& x) { return horner(x * x, kCircleSeries<0>); }
[[gnu::always_inline]] inline Batch sin_near_zero(const Batch& x) { return x * horner(x * x, kCircleSeries<1>); }

}  // namespace detail

/// x^y, 1.5 ulp where the result is within e^±10, 5 at the ends of the range (25 in double). Special values are
/// those of C's pow (C99 F.9.4.4): pow(x, 0) = pow(1, y) = 1 even for NaN; a negative base has a power for
/// integer y only.
inline Batch pow(const Batch& x, const Batch& y) {
  using namespace detail;
  // log|x| as high + low, by a quotient with its remainder, so that e^(y·log|x|) has correct last places.
  const Batch ax = abs(x);
  const LogParts l = LogParts::of_any(ax);
  const Batch f = l.m - 1, d = l.m + 1, s = f / d;
  const Batch z = s * s, sd = s * d;
  const Batch remainder = (f - sd) - product_error(s, d, sd) - s * (l.m - (d - 1));
  const Batch k_log2 = l.k * kLn2High;
  const Batch head = fma(2, s, k_log2);
  const Batch tail =
      fma(s * z, polynomial(z, kLogSeries), fma(2 + 2 * z, remainder / d, l.k * kLn2Low)) + (2 * s - (head - k_log2));
  const Batch high = head + tail, low = tail - (high - head);

  // The product, and what it lost. A y beyond ±2^(2·digits) is as good as infinite, whatever x is.
  constexpr Real limit = kSingle ? 0x1p48 : 0x1p106;
  const Batch bounded = where(y > limit, limit, where(y < -limit, -limit, y));
  const Batch p = bounded * high;
  const Mask in_range = (p > kExpLow) & (p < kExpHigh);
  const ExpParts<kBias> e(where(in_range, p, where(p > 0, kExpHigh, kExpLow)));
  const Batch r = where(in_range, e.r + fma(bounded, low, product_error(bounded, high, p)), e.r);
  Batch result = e.scaled(expm1_near_zero(r));

  const Mask integer = floor(y) == y;
  const Mask odd = integer & (floor(y * 0.5) * 2 != y);
  result = where((ax == 0) | (ax == kInfinity), where((ax == 0) ^ (y > 0), kInfinity, 0), result);
  result = where(odd, copysign(result, x), result);
  result = where(((x < 0) & (ax < kInfinity) & !integer) | isnan(x) | isnan(y), kNaN, result);
  return where((y == 0) | (x == 1), 1, result);
}

}  // namespace GRADUS

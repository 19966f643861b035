// sin and cos on SIMD lanes, and any function of one number lane by lane.
//
// x = k·π/2 + r with |r| ≤ π/4, and sin or cos of r with the sign of the quadrant k. The multiple of π/2 is taken off
// in three parts of full width, with what each product loses (Cody and Waite; Dekker), so that r keeps its digits also
// next to a zero. Beyond kTrigFar the standard library does it, lane by lane.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "tensor/simd_math.h"

namespace GRADUS {

/// f(number) in every lane, for a function that has no form on lanes: slow.
template <class F>
[[gnu::noinline]] Batch each_lane(const Batch& x, const F& f) {
  Real lanes[kLanes];
  x.store(lanes);
  for (Real& lane : lanes) lane = static_cast<Real>(f(lane));
  return Batch::load(lanes);
}

namespace detail {

inline constexpr Real kTrigFar = kSingle ? 0x1p17 : 0x1p31;
/// In which they are right to the last place: glibc's cos of doubles is off by 8 where x is nearest to a zero.
using Wider = std::conditional_t<kSingle, double, long double>;

/// π/2 in parts, each rounded to Real.
inline constexpr Real kHalfPi1 = kSingle ? 0x1.921fb6p+0 : 0x1.921fb54442d18p+0;
inline constexpr Real kHalfPi2 = kSingle ? -0x1.777a5cp-25 : 0x1.1a62633145c07p-54;
inline constexpr Real kHalfPi3 = kSingle ? -0x1.ee59dap-50 : -0x1.f1976b7ed8fbcp-110;

template <std::size_t first, std::size_t n>
constexpr std::array<Real, n - first> all_but(const std::array<Real, n>& c) {
  std::array<Real, n - first> rest{};
  std::copy(c.begin() + first, c.end(), rest.begin());
  return rest;
}

/// The quadrant of x, in the low bits and as a number, and what is left of x as high + low; |x| ≤ kTrigFar.
struct Quadrant {
  LaneBits bits_of_k;
  Batch k, high, low;

  [[gnu::always_inline]] explicit Quadrant(const Batch& x) {
    constexpr Real shift = Real(1.5) * (Bits{1} << kMantissa);  // rounds to an integer, as in ExpParts
    const Batch shifted = fma(x, static_cast<Real>(2 / std::numbers::pi_v<long double>), shift);
    bits_of_k = bits(shifted);
    k = shifted - shift;
    const Batch first = k * kHalfPi1, second = k * kHalfPi2;
    const Batch rest = (x - first) - product_error(k, kHalfPi1, first);  // exact: all of it are multiples of one ulp
    high = rest - second;
    const Batch taken = rest - high;  // by which `high` has come out smaller, and what that rounded off (Knuth)
    low = ((rest - (high + taken)) + (taken - second)) - (product_error(k, kHalfPi2, second) + k * kHalfPi3);
  }

  /// sin(x + quarter·π/2)
  [[gnu::always_inline]] Batch turned(int quarter) const {
    constexpr auto sin_terms = all_but<1>(kCircleSeries<1>);
    constexpr auto cos_terms = all_but<2>(kCircleSeries<0>);
    const Batch z = high * high, half = 0.5 * z, cut = 1 - half;
    const Batch sine = high + fma(high * z, horner(z, sin_terms), low * cut);
    const Batch cosine = cut + (((1 - cut) - half) + fma(z * z, horner(z, cos_terms), -high * low));
    const LaneBits n = bits_of_k + static_cast<Bits>(quarter);
    const Mask odd = from_bits(((n & 1) << kMantissa) | std::bit_cast<Bits>(Real(2))) != 2;
    return from_bits(bits(where(odd, cosine, sine)) ^ ((n & 2) << (8 * sizeof(Real) - 2)));
  }
};

}  // namespace detail

/// 1 ulp for all finite x; NaN at ±inf; -0 stays -0.
inline Batch sin(const Batch& x) {
  using namespace detail;
  if ((abs(x) > kTrigFar).any()) [[unlikely]]
    return each_lane(x, [](Real x) { return std::sin(static_cast<Wider>(x)); });
  return where(x == 0, x, Quadrant(x).turned(0));
}

/// 1 ulp for all finite x; NaN at ±inf.
inline Batch cos(const Batch& x) {
  using namespace detail;
  if ((abs(x) > kTrigFar).any()) [[unlikely]]
    return each_lane(x, [](Real x) { return std::cos(static_cast<Wider>(x)); });
  return Quadrant(x).turned(1);
}

}  // namespace GRADUS

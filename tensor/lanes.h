// SIMD lanes: one register of numbers that computes like one number.
//
// Batch and Mask are our own types around xsimd's, so that what xsimd gets wrong is mended once: NaN compares by the
// rules of IEEE 754, zeros keep their sign, fma rounds once where the processor can, min and max pass NaN on. The
// elementary functions stand in tensor/simd_math.h.
#pragma once

#include <bit>
#include <concepts>
#include <type_traits>
#include <utility>

#include "tensor/simd.h"

namespace GRADUS {

namespace detail {
template <class>
inline constexpr bool never = false;
}

/// One truth value per lane. There is no conversion to bool: lanes may differ, so one asks any() or all(), and
/// chooses with where().
struct Mask {
  detail::LaneMask lanes;

  Mask() = default;
  Mask(const detail::LaneMask& l) : lanes(l) {}

  bool any() const { return xsimd::any(lanes); }
  bool all() const { return xsimd::all(lanes); }

  friend Mask operator&(const Mask& a, const Mask& b) { return from_bits(a.bits() & b.bits()); }
  friend Mask operator|(const Mask& a, const Mask& b) { return from_bits(a.bits() | b.bits()); }
  friend Mask operator^(const Mask& a, const Mask& b) { return from_bits(a.bits() ^ b.bits()); }
  friend Mask operator!(const Mask& a) { return from_bits(~a.bits()); }

  template <class T>
    requires std::same_as<T, bool>
  explicit operator T() const {
    static_assert(detail::never<T>, "use where(condition, a, b) instead of if, ?:, && or || on lanes");
    return false;
  }

 private:
  detail::MaskBits bits() const { return std::bit_cast<detail::MaskBits>(lanes); }
  static Mask from_bits(const detail::MaskBits& b) { return std::bit_cast<Mask>(b); }
};

/// kLanes numbers. Plain numbers convert, so formulas are written as for one number: `0.5 * x + 1`.
struct Batch {
  detail::Lanes lanes;

  Batch() = default;
  Batch(const detail::Lanes& l) : lanes(l) {}
  template <Number T>
  Batch(T value) : lanes(static_cast<Real>(value)) {}

  /// kLanes numbers from memory and to memory, of any alignment.
  static Batch load(const Real* from) { return detail::Lanes::load_unaligned(from); }
  void store(Real* to) const { lanes.store_unaligned(to); }
  /// The first `count` numbers only, 0 to kLanes; the memory behind them is not touched, and loads as zero.
  static Batch load(const Real* from, int count) { return detail::Lanes(detail::load_first(from, count)); }
  void store(Real* to, int count) const { detail::store_first(to, count, lanes); }

  // By the compiler's own operators on registers: xsimd 8 divides by estimates on ARM and makes -(+0) +0, and to find
  // its operators there takes the compiler seconds.
  friend Batch operator+(const Batch& a, const Batch& b) { return detail::Lanes(a.lanes.data + b.lanes.data); }
  friend Batch operator-(const Batch& a, const Batch& b) { return detail::Lanes(a.lanes.data - b.lanes.data); }
  friend Batch operator*(const Batch& a, const Batch& b) { return detail::Lanes(a.lanes.data * b.lanes.data); }
  friend Batch operator/(const Batch& a, const Batch& b) { return detail::Lanes(a.lanes.data / b.lanes.data); }
  friend Batch operator+(const Batch& a) { return a; }
  friend Batch operator-(const Batch& a) { return detail::Lanes(-a.lanes.data); }
  Batch& operator+=(const Batch& b) { return *this = *this + b; }
  Batch& operator-=(const Batch& b) { return *this = *this - b; }
  Batch& operator*=(const Batch& b) { return *this = *this * b; }
  Batch& operator/=(const Batch& b) { return *this = *this / b; }

  friend Mask operator<(const Batch& a, const Batch& b) { return std::bit_cast<Mask>(a.operand() < b.operand()); }
  friend Mask operator<=(const Batch& a, const Batch& b) { return std::bit_cast<Mask>(a.operand() <= b.operand()); }
  friend Mask operator>(const Batch& a, const Batch& b) { return std::bit_cast<Mask>(a.operand() > b.operand()); }
  friend Mask operator>=(const Batch& a, const Batch& b) { return std::bit_cast<Mask>(a.operand() >= b.operand()); }
  friend Mask operator==(const Batch& a, const Batch& b) { return std::bit_cast<Mask>(a.operand() == b.operand()); }
  friend Mask operator!=(const Batch& a, const Batch& b) { return !(a == b); }  // xsimd 8: false for NaN

 private:
  detail::Operand operand() const { return lanes; }
};

/// Lane by lane: a where the condition holds, b elsewhere. Both are computed.
inline Batch where(const Mask& condition, const Batch& a, const Batch& b) {
  return detail::Lanes(detail::select(condition.lanes, a.lanes, b.lanes));
}
template <Number A, Number B>
Batch where(const Mask& condition, A a, B b) {
  return where(condition, Batch(a), Batch(b));
}

namespace detail {
inline LaneBits bits(const Batch& x) { return std::bit_cast<LaneBits>(x); }
inline Batch from_bits(const LaneBits& b) { return std::bit_cast<Batch>(b); }
}  // namespace detail

/// a·b + c with one rounding, where the instruction set has it.
inline Batch fma(const Batch& a, const Batch& b, const Batch& c) {
  return detail::Lanes(detail::fused(a.lanes, b.lanes, c.lanes));
}

inline Mask isnan(const Batch& x) { return x != x; }
/// The smaller and the larger; NaN if either is; the first of equals, so max(+0, -0) is +0.
inline Batch min(const Batch& a, const Batch& b) { return where((a <= b) | isnan(a), a, b); }
inline Batch max(const Batch& a, const Batch& b) { return where((a >= b) | isnan(a), a, b); }

inline Batch abs(const Batch& x) { return detail::from_bits(detail::bits(x) & ~detail::kSign); }
inline Batch sqrt(const Batch& x) { return detail::Lanes(detail::root(x.lanes)); }
/// The magnitude of a with the sign of b.
inline Batch copysign(const Batch& a, const Batch& b) { return detail::with_signs(a.lanes, b.lanes); }
inline Batch floor(const Batch& x) {
  return copysign(detail::Lanes(detail::rounded_down(x.lanes)), x);  // xsimd's SSE2 loses the sign of -0
}

namespace detail {

/// All lanes combined by halves, (0 with n/2, 1 with n/2+1, …), so the order of operations is fixed.
template <class Combine>
Real fold(const Batch& x, Combine combine) {
  alignas(64) Real lanes[kLanes];
  x.store(lanes);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) lanes[i] = combine(lanes[i], lanes[i + width]);
  return lanes[0];
}

}  // namespace detail

/// The sum of the lanes, in a fixed tree.
inline Real sum(const Batch& x) {
  return detail::fold(x, [](Real a, Real b) { return a + b; });
}
/// The largest lane, NaN if there is one.
inline Real max(const Batch& x) {
  return detail::fold(x, [](Real a, Real b) { return a >= b || a != a ? a : b; });
}

/// Calls f(0), …, f(N - 1) with compile-time integers, so that arrays of registers stay in registers.
template <int N, class F>
[[gnu::always_inline]] constexpr void unrolled(F f) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, I>{}), ...);
  }(std::make_integer_sequence<int, N>());
}

}  // namespace GRADUS

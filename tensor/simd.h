// SIMD lanes: one register of numbers that computes like one number.
//
// Batch and Mask are our own types around xsimd's, so that what xsimd gets wrong is mended here, once: NaN
// compares by the rules of IEEE 754, zeros keep their sign, fma rounds once where the processor can, min and max pass
// NaN on. This is the only file that includes xsimd; the elementary functions stand in tensor/simd_math.h, which comes
// along.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "tensor/real.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push  // GCC 12 warns about its own AVX-512 headers (GCC bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

namespace GRADUS {

namespace detail {
using Lanes = xsimd::batch<Real>;
using LaneMask = xsimd::batch_bool<Real>;
using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;  // one number's representation
using LaneBits [[gnu::vector_size(sizeof(Lanes))]] = Bits;
#if defined(__AVX512F__)
using MaskBits = decltype(LaneMask::data);  // one bit per lane, which xsimd's comparisons give
using Operand = Lanes;
#else
using MaskBits = LaneBits;
using Operand = decltype(Lanes::data);  // compared by the compiler's own operators
#endif
template <class>
inline constexpr bool never = false;

#if defined(__aarch64__)
// xsimd 8 takes roots by estimates: wrong last places, √∞ = NaN. Its versions of the others take the compiler seconds.
inline float32x4_t root(float32x4_t x) { return vsqrtq_f32(x); }
inline float64x2_t root(float64x2_t x) { return vsqrtq_f64(x); }
inline float32x4_t rounded_down(float32x4_t x) { return vrndmq_f32(x); }
inline float64x2_t rounded_down(float64x2_t x) { return vrndmq_f64(x); }
inline float32x4_t larger(float32x4_t a, float32x4_t b) { return vmaxq_f32(a, b); }
inline float64x2_t larger(float64x2_t a, float64x2_t b) { return vmaxq_f64(a, b); }
inline float32x4_t smaller(float32x4_t a, float32x4_t b) { return vminq_f32(a, b); }
inline float64x2_t smaller(float64x2_t a, float64x2_t b) { return vminq_f64(a, b); }
inline float32x4_t select(uint32x4_t mask, float32x4_t a, float32x4_t b) { return vbslq_f32(mask, a, b); }
inline float64x2_t select(uint64x2_t mask, float64x2_t a, float64x2_t b) { return vbslq_f64(mask, a, b); }
#else
inline Lanes root(const Lanes& x) { return xsimd::sqrt(x); }
inline Lanes rounded_down(const Lanes& x) { return xsimd::floor(x); }
inline Lanes larger(const Lanes& a, const Lanes& b) { return xsimd::max(a, b); }
inline Lanes smaller(const Lanes& a, const Lanes& b) { return xsimd::min(a, b); }
inline Lanes select(const LaneMask& mask, const Lanes& a, const Lanes& b) { return xsimd::select(mask, a, b); }
#endif
}  // namespace detail

/// True with AVX-512: 32 registers, each a cache line, whose first lanes alone are loaded and stored as fast as all.
#if defined(__AVX512F__)
inline constexpr bool kAvx512 = true;
#else
inline constexpr bool kAvx512 = false;
#endif

template <class T>
concept Number = std::is_arithmetic_v<T>;

/// Numbers in a register of this build: 4 to 16 floats, or half as many doubles.
inline constexpr int kLanes = static_cast<int>(detail::Lanes::size);
/// True when fma(a, b, c) rounds once. Without the instruction (SSE2) it rounds twice.
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
inline constexpr bool kFusedMultiplyAdd = true;
#else
inline constexpr bool kFusedMultiplyAdd = false;
#endif

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
  static Batch load(const Real* from, int count);
  void store(Real* to, int count) const;

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

#if defined(__AVX512F__)
namespace detail {
inline __m512 load_first(const float* from, int n) { return _mm512_maskz_loadu_ps(_bzhi_u32(0xffff, n), from); }
inline __m512d load_first(const double* from, int n) { return _mm512_maskz_loadu_pd(_bzhi_u32(0xff, n), from); }
inline void store_first(float* to, int n, __m512 x) { _mm512_mask_storeu_ps(to, _bzhi_u32(0xffff, n), x); }
inline void store_first(double* to, int n, __m512d x) { _mm512_mask_storeu_pd(to, _bzhi_u32(0xff, n), x); }
}  // namespace detail
inline Batch Batch::load(const Real* from, int count) { return detail::Lanes(detail::load_first(from, count)); }
inline void Batch::store(Real* to, int count) const { detail::store_first(to, count, lanes); }
#else
namespace detail {
/// Copies the first `count` of at most kLanes numbers in pieces of fixed size, each a single instruction.
[[gnu::always_inline]] inline void copy_first(const Real* from, int count, Real* to) {
  [&]<int... part>(std::integer_sequence<int, part...>) __attribute__((always_inline)) {
    ((count & (kLanes >> part) ? (std::copy_n(from, kLanes >> part, to), from += kLanes >> part, to += kLanes >> part)
                               : to), ...);
  }(std::make_integer_sequence<int, std::bit_width(unsigned{kLanes})>());
}
#if defined(__AVX2__)
/// From kFirst[kLanes - n] on, the mask of the first n lanes.
inline constexpr auto kFirst = [] {
  std::array<Bits, 2 * kLanes> mask{};
  std::fill_n(mask.begin(), kLanes, ~Bits{0});
  return mask;
}();
inline __m256i mask_at(const Bits* first) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first)); }
inline __m256 load_first(const float* from, const Bits* first) { return _mm256_maskload_ps(from, mask_at(first)); }
inline __m256d load_first(const double* from, const Bits* first) { return _mm256_maskload_pd(from, mask_at(first)); }
#endif
}  // namespace detail
inline Batch Batch::load(const Real* from, int count) {
#if defined(__AVX2__)
  return detail::Lanes(detail::load_first(from, detail::kFirst.data() + kLanes - count));
#else
  Real buffer[kLanes] = {};
  detail::copy_first(from, count, buffer);
  return load(buffer);
#endif
}
inline void Batch::store(Real* to, int count) const {
  Real buffer[kLanes];
  store(buffer);
  detail::copy_first(buffer, count, to);
}
#endif

/// Lane by lane: a where the condition holds, b elsewhere. Both are computed.
inline Batch where(const Mask& condition, const Batch& a, const Batch& b) {
  return detail::Lanes(detail::select(condition.lanes, a.lanes, b.lanes));
}
template <Number A, Number B>
Batch where(const Mask& condition, A a, B b) {
  return where(condition, Batch(a), Batch(b));
}

namespace detail {
inline constexpr Bits kSign = Bits{1} << (8 * sizeof(Real) - 1);
inline LaneBits bits(const Batch& x) { return std::bit_cast<LaneBits>(x); }
inline Batch from_bits(const LaneBits& b) { return std::bit_cast<Batch>(b); }

#if defined(__AVX512F__)
inline __m512 fused(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
inline __m512d fused(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
#else
inline Lanes fused(const Lanes& a, const Lanes& b, const Lanes& c) { return xsimd::fma(a, b, c); }
#endif
}  // namespace detail

/// a·b + c with one rounding, where the instruction set has it.
inline Batch fma(const Batch& a, const Batch& b, const Batch& c) {
  return detail::Lanes(detail::fused(a.lanes, b.lanes, c.lanes));  // xsimd before 11 rounds twice on AVX-512
}

inline Mask isnan(const Batch& x) { return x != x; }
/// The smaller and the larger; NaN if either is; the first of equals, so max(+0, -0) is +0.
inline Batch min(const Batch& a, const Batch& b) { return where((a <= b) | isnan(a), a, b); }
inline Batch max(const Batch& a, const Batch& b) { return where((a >= b) | isnan(a), a, b); }

inline Batch abs(const Batch& x) { return detail::from_bits(detail::bits(x) & ~detail::kSign); }
inline Batch sqrt(const Batch& x) { return detail::Lanes(detail::root(x.lanes)); }
/// The magnitude of a with the sign of b.
inline Batch copysign(const Batch& a, const Batch& b) {
#if defined(__AVX512F__)  // one instruction, which GCC does not find: bit by bit, b's where the mask is set, else a's
  const auto mask = std::bit_cast<__m512i>(detail::LaneBits{} | detail::kSign);
  constexpr int b_or_a = 0b11011000;
  return std::bit_cast<Batch>(
      _mm512_ternarylogic_epi32(std::bit_cast<__m512i>(a), std::bit_cast<__m512i>(b), mask, b_or_a));
#else
  return detail::from_bits((detail::bits(a) & ~detail::kSign) | (detail::bits(b) & detail::kSign));
#endif
}
inline Batch floor(const Batch& x) {
  return copysign(detail::Lanes(detail::rounded_down(x.lanes)), x);  // xsimd's SSE2 loses the sign of -0
}

namespace detail {

/// Lane i of the result is lane From::at(i) of a, or lane From::at(i) - kLanes of b.
template <class From>
[[gnu::always_inline]] inline Batch shuffle(const Batch& a, const Batch& b) {
  return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return Lanes(__builtin_shufflevector(a.lanes.data, b.lanes.data, From::at(I)...));
  }(std::make_integer_sequence<int, kLanes>());
}

/// Within every `Group` lanes: lane 0 of a, lane 0 of b, lane 1 of a, …: the lower or the upper halves interleaved.
template <bool Upper, int Group = kLanes>
struct Interleave {
  static constexpr int at(int i) {
    return i / Group * Group + (Upper ? Group / 2 : 0) + i % Group / 2 + i % 2 * kLanes;
  }
};
/// `Apart` lanes of a, the next ones of b, and so on, each from its place or, if `Swapped`, from its neighbour's.
template <int Apart, bool Swapped = false>
struct Alternate {
  static constexpr int at(int i) { return (Swapped ? i ^ Apart : i) + (i & Apart ? kLanes : 0); }
};
/// Lanes 0, 2, 4, … of a, then those of b: every second of 2·kLanes numbers.
struct EverySecond {
  static constexpr int at(int i) { return 2 * i; }
};

}  // namespace detail

/// Calls f(0), …, f(N - 1) with compile-time integers, so that arrays of registers stay in registers.
template <int N, class F>
[[gnu::always_inline]] constexpr void unrolled(F f) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, I>{}), ...);
  }(std::make_integer_sequence<int, N>());
}

/// Numbers in 16 bytes, within which processors shuffle fastest.
inline constexpr int kPiece = 16 / sizeof(Real);

namespace detail {

/// One piece from each of kLanes / kPiece rows in memory.
#if defined(__AVX512F__)
inline Batch load_pieces(const std::array<const Real*, kLanes / kPiece>& from) {
  const auto piece = [&](int i) { return _mm_loadu_ps(reinterpret_cast<const float*>(from[i])); };
  __m512 x = _mm512_castps128_ps512(piece(0));
  x = _mm512_insertf32x4(x, piece(1), 1);
  x = _mm512_insertf32x4(x, piece(2), 2);
  return std::bit_cast<Batch>(_mm512_insertf32x4(x, piece(3), 3));
}
#elif defined(__AVX__)
inline Batch load_pieces(const std::array<const Real*, kLanes / kPiece>& from) {
  const auto piece = [&](int i) { return _mm_loadu_ps(reinterpret_cast<const float*>(from[i])); };
  return std::bit_cast<Batch>(_mm256_insertf128_ps(_mm256_castps128_ps256(piece(0)), piece(1), 1));
}
#else
inline Batch load_pieces(const std::array<const Real*, 1>& from) { return Batch::load(from[0]); }
#endif

}  // namespace detail

/// Rows become columns: columns[i] is number `at` + i of each of kLanes rows in memory.
///
/// A row and a column number change places bit by bit. The high bits of the row's, while pieces of rows are put side by
/// side; the others by interleaving register i with the one half the pieces further on: that moves the highest bit of
/// an element's row number to the end of its column number and the other way round, and after as many rounds as there
/// are bits all have changed sides.
[[gnu::always_inline]] inline void load_transposed(const Real* const (&rows)[kLanes], std::int64_t at,
                                                   Batch (&columns)[kPiece]) {
  unrolled<kPiece>([&](auto i) __attribute__((always_inline)) {
    columns[i] = [&]<int... P>(std::integer_sequence<int, P...>) __attribute__((always_inline)) {
      return detail::load_pieces({rows[P * kPiece + i] + at...});
    }(std::make_integer_sequence<int, kLanes / kPiece>());
  });
  unrolled<std::countr_zero(unsigned{kPiece})>([&](auto) __attribute__((always_inline)) {
    Batch next[kPiece];
    unrolled<kPiece / 2>([&](auto i) __attribute__((always_inline)) {
      next[2 * i] = detail::shuffle<detail::Interleave<false, kPiece>>(columns[i], columns[i + kPiece / 2]);
      next[2 * i + 1] = detail::shuffle<detail::Interleave<true, kPiece>>(columns[i], columns[i + kPiece / 2]);
    });
    unrolled<kPiece>([&](auto i) __attribute__((always_inline)) { columns[i] = next[i]; });
  });
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

}  // namespace GRADUS

#include "tensor/simd_math.h"  // IWYU pragma: export

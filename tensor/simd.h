// A register of numbers as the processor has it, and for each instruction set what xsimd lacks or gets wrong: the only
// file that includes xsimd.
//
// What is made of registers stands elsewhere: numbers to compute with in tensor/lanes.h, lanes that change places in
// tensor/shuffle.h, elementary functions in tensor/simd_math.h. None of these asks which instruction set it is.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
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
inline constexpr Bits kSign = Bits{1} << (8 * sizeof(Real) - 1);
#if defined(__AVX512F__)
using MaskBits = decltype(LaneMask::data);  // one bit per lane, which xsimd's comparisons give
using Operand = Lanes;
#else
using MaskBits = LaneBits;
using Operand = decltype(Lanes::data);  // compared by the compiler's own operators
#endif
}  // namespace detail

/// Numbers in a register of this build: 4 to 16 floats, or half as many doubles.
inline constexpr int kLanes = static_cast<int>(detail::Lanes::size);

/// True with AVX-512: 32 registers, each a cache line, whose first lanes alone are loaded and stored as fast as all.
#if defined(__AVX512F__)
inline constexpr bool kAvx512 = true;
#else
inline constexpr bool kAvx512 = false;
#endif

/// True when fma(a, b, c) rounds once. Without the instruction (SSE2) it rounds twice.
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
inline constexpr bool kFusedMultiplyAdd = true;
#else
inline constexpr bool kFusedMultiplyAdd = false;
#endif

/// Numbers in 16 bytes, within which processors shuffle fastest.
inline constexpr int kPer16Bytes = 16 / sizeof(Real);

namespace detail {

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

// a·b + c, rounded once: xsimd before 11 rounds twice on AVX-512.
#if defined(__AVX512F__)
inline __m512 fused(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
inline __m512d fused(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
#else
inline Lanes fused(const Lanes& a, const Lanes& b, const Lanes& c) { return xsimd::fma(a, b, c); }
#endif

/// The magnitudes of a with the signs of b.
inline Lanes with_signs(const Lanes& a, const Lanes& b) {
#if defined(__AVX512F__)  // one instruction, which GCC does not find: bit by bit, b's where the mask is set, else a's
  const auto mask = std::bit_cast<__m512i>(LaneBits{} | kSign);
  constexpr int b_or_a = 0b11011000;
  return std::bit_cast<Lanes>(
      _mm512_ternarylogic_epi32(std::bit_cast<__m512i>(a), std::bit_cast<__m512i>(b), mask, b_or_a));
#else
  return std::bit_cast<Lanes>((std::bit_cast<LaneBits>(a) & ~kSign) | (std::bit_cast<LaneBits>(b) & kSign));
#endif
}

// The first `count` numbers only, 0 to kLanes; the memory behind them is not touched, and loads as zero.
#if defined(__AVX512F__)
inline __m512 load_first(const float* from, int n) { return _mm512_maskz_loadu_ps(_bzhi_u32(0xffff, n), from); }
inline __m512d load_first(const double* from, int n) { return _mm512_maskz_loadu_pd(_bzhi_u32(0xff, n), from); }
inline void store_first(float* to, int n, __m512 x) { _mm512_mask_storeu_ps(to, _bzhi_u32(0xffff, n), x); }
inline void store_first(double* to, int n, __m512d x) { _mm512_mask_storeu_pd(to, _bzhi_u32(0xff, n), x); }
#else
/// Copies the first `count` of at most kLanes numbers in parts of fixed size, each a single instruction.
[[gnu::always_inline]] inline void copy_first(const Real* from, int count, Real* to) {
  [&]<int... part>(std::integer_sequence<int, part...>) __attribute__((always_inline)) {
    ((count & (kLanes >> part) ? (std::copy_n(from, kLanes >> part, to), from += kLanes >> part, to += kLanes >> part)
                               : to),
     ...);
  }(std::make_integer_sequence<int, std::bit_width(unsigned{kLanes})>());
}
inline void store_first(Real* to, int count, const Lanes& x) {
  Real buffer[kLanes];
  x.store_unaligned(buffer);
  copy_first(buffer, count, to);
}
#if defined(__AVX2__)
/// From kFirst[kLanes - n] on, the mask of the first n lanes.
inline constexpr auto kFirst = [] {
  std::array<Bits, 2 * kLanes> mask{};
  std::fill_n(mask.begin(), kLanes, ~Bits{0});
  return mask;
}();
inline __m256i first(int n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(&kFirst[kLanes - n])); }
inline __m256 load_first(const float* from, int n) { return _mm256_maskload_ps(from, first(n)); }
inline __m256d load_first(const double* from, int n) { return _mm256_maskload_pd(from, first(n)); }
#else
inline Lanes load_first(const Real* from, int count) {
  Real buffer[kLanes] = {};
  copy_first(from, count, buffer);
  return Lanes::load_unaligned(buffer);
}
#endif
#endif

// 16 bytes from each of these places in memory, side by side.
#if defined(__AVX512F__)
inline Lanes load_16_bytes(const std::array<const Real*, kLanes / kPer16Bytes>& from) {
  const auto part = [&](int i) { return _mm_loadu_ps(reinterpret_cast<const float*>(from[i])); };
  __m512 x = _mm512_castps128_ps512(part(0));
  x = _mm512_insertf32x4(x, part(1), 1);
  x = _mm512_insertf32x4(x, part(2), 2);
  return std::bit_cast<Lanes>(_mm512_insertf32x4(x, part(3), 3));
}
#elif defined(__AVX__)
inline Lanes load_16_bytes(const std::array<const Real*, kLanes / kPer16Bytes>& from) {
  const auto part = [&](int i) { return _mm_loadu_ps(reinterpret_cast<const float*>(from[i])); };
  return std::bit_cast<Lanes>(_mm256_insertf128_ps(_mm256_castps128_ps256(part(0)), part(1), 1));
}
#else
inline Lanes load_16_bytes(const std::array<const Real*, 1>& from) { return Lanes::load_unaligned(from[0]); }
#endif

}  // namespace detail

}  // namespace GRADUS

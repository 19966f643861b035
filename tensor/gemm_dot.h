// Matrix multiplication for few rows, when both factors are contiguous along K: dot products, nothing copied.
#pragma once

#include <algorithm>

#include "tensor/parallel.h"
#include "tensor/simd.h"
#include "tensor/tensor.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

// kLanes dot products at once, rows × columns, each in its own register.
inline constexpr int kDotRows = kLanes >= 8 ? 4 : 2;
inline constexpr int kDotColumns = kLanes / kDotRows;
static_assert(kDotRows * kDotColumns == kLanes);

/// True while adding up the lanes of every element of C is cheaper than copying B once. Measured: up to an eighth of K
/// or, with AVX-512, a sixteenth. Where they are few and short, up to two tiles in any case, since a
/// tile then keeps the multipliers waiting; else up to 64 rows: more have left the first-level cache when the next tile
/// wants them.
inline bool dot_pays(const ConstView& a, const ConstView& b) {
  const std::int64_t rows = a.shape[0], depth = a.shape[1];
  const std::int64_t most = kAvx512 ? std::min<std::int64_t>(depth / 16, 64)
                                    : std::min<std::int64_t>(depth / 8, 2 * kDotRows);
  return a.strides[1] == 1 && b.strides[0] == 1 && rows <= most;
}

/// kLanes elements of C: `a` and `b` point to the rows of A and the columns of B that meet there.
inline Batch dot_tile(const Real* const (&a)[kDotRows], const Real* const (&b)[kDotColumns], std::int64_t depth) {
  Batch sums[kLanes];
  unrolled<kLanes>([&](auto i) __attribute__((always_inline)) { sums[i] = 0; });
  const auto step = [&](auto load, std::int64_t k) __attribute__((always_inline)) {
    Batch right[kDotColumns];
    unrolled<kDotColumns>([&](auto j) __attribute__((always_inline)) { right[j] = load(b[j] + k); });
    unrolled<kDotRows>([&](auto i) __attribute__((always_inline)) {
      const Batch left = load(a[i] + k);
      unrolled<kDotColumns>([&](auto j) __attribute__((always_inline)) {
        sums[i * kDotColumns + j] = fma(left, right[j], sums[i * kDotColumns + j]);
      });
    });
  };
  std::int64_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) step([](const Real* p) { return Batch::load(p); }, k);
  const int rest = static_cast<int>(depth - k);
  if (rest > 0) step([rest](const Real* p) { return Batch::load(p, rest); }, k);
  // Adding the two interleaved halves adds lanes in pairs and leaves room for another register's pairs; after
  // log2(kLanes) rounds lane i holds the sum of register i.
  unrolled<std::countr_zero(unsigned{kLanes})>([&](auto round) __attribute__((always_inline)) {
    constexpr int half = kLanes >> (round + 1);
    unrolled<half>([&](auto i) __attribute__((always_inline)) {
      sums[i] = detail::shuffle<detail::Interleave<false>>(sums[i], sums[i + half]) +
                detail::shuffle<detail::Interleave<true>>(sums[i], sums[i + half]);
    });
  });
  return sums[0];
}

/// As gemm; the order of additions depends on K only.
inline void gemm_dot(const ConstView& a, const ConstView& b, const View& c, const Real* bias) {
  const std::int64_t m = c.shape[0], n = c.shape[1], depth = a.shape[1];
  constexpr std::int64_t chunk_work = 1 << 20;
  const std::int64_t tiles = ceil_div(n, kDotColumns);
  const std::int64_t chunks = std::clamp<std::int64_t>(m * n * depth / chunk_work, 1, tiles);
  parallel_for(chunks, [&](std::int64_t chunk) {
    for (std::int64_t tile = tiles * chunk / chunks; tile < tiles * (chunk + 1) / chunks; ++tile) {
      // Rows and columns beyond the edge repeat the last one; their products are not stored.
      const std::int64_t j0 = tile * kDotColumns, columns = std::min<std::int64_t>(kDotColumns, n - j0);
      const Real* right[kDotColumns];
      for (int j = 0; j < kDotColumns; ++j) right[j] = &b(0, std::min(j0 + j, n - 1));
      Real start[kLanes] = {};
      for (int i = 0; bias && i < kLanes; ++i) start[i] = bias[std::min(j0 + i % kDotColumns, n - 1)];
      for (std::int64_t i0 = 0; i0 < m; i0 += kDotRows) {
        const Real* left[kDotRows];
        for (int i = 0; i < kDotRows; ++i) left[i] = &a(std::min(i0 + i, m - 1), 0);
        Real products[kLanes];
        (dot_tile(left, right, depth) + Batch::load(start)).store(products);
        for (std::int64_t i = 0; i < std::min<std::int64_t>(kDotRows, m - i0); ++i)
          if (columns == kDotColumns)
            std::copy_n(products + i * kDotColumns, kDotColumns, &c(i0 + i, j0));
          else
            std::copy_n(products + i * kDotColumns, columns, &c(i0 + i, j0));
      }
    }
  });
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

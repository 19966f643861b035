// Matrix multiplication for few rows, when both factors are contiguous along K: dot products, nothing copied.
#pragma once

#include <algorithm>

#include "tensor/gemm_tuning.h"
#include "tensor/parallel.h"
#include "tensor/shuffle.h"
#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// kLanes elements of C: `a` and `b` point to the rows of A and the columns of B that meet there; a column that is
/// wanted later is fetched from `ahead`.
[[gnu::always_inline]] inline Batch dot_tile(const Real* const (&a)[kDotRows], const Real* const (&b)[kDotColumns],
                                             std::int64_t depth, const Real* ahead) {
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
#pragma GCC unroll 4
  for (; k + kLanes <= depth; k += kLanes) {
    if constexpr (kAvx512) __builtin_prefetch(ahead + k);
    step([](const Real* p) { return Batch::load(p); }, k);
  }
  const int rest = static_cast<int>(depth - k);
  if (rest > 0) step([rest](const Real* p) { return Batch::load(p, rest); }, k);
  // Lanes so far apart are added, in both registers of a pair at once: what is left of them fits into one. After
  // log2(kLanes) rounds lane i holds the sum of register i.
  unrolled<std::countr_zero(unsigned{kLanes})>([&](auto round) __attribute__((always_inline)) {
    constexpr int apart = kLanes >> (round + 1);
    unrolled<apart>([&](auto i) __attribute__((always_inline)) {
      sums[i] = detail::shuffle<detail::Alternate<apart>>(sums[i], sums[i + apart]) +
                detail::shuffle<detail::Alternate<apart, true>>(sums[i], sums[i + apart]);
    });
  });
  return sums[0];
}

/// As gemm; the order of additions depends on K only.
inline void gemm_dot(const ConstView& a, const ConstView& b, const View& c, const Real* bias) {
  const std::int64_t rows = c.shape[0], columns = c.shape[1], depth = a.shape[1];
  const std::int64_t a_row = a.strides[0], b_column = b.strides[1], c_row = c.strides[0];
  const std::int64_t tiles = ceil_div(columns, kDotColumns);
  const std::int64_t chunks = std::clamp<std::int64_t>(rows * columns * depth / kChunkWork, 1, tiles);
  parallel_for(chunks, [&, a_row, b_column, c_row, depth](std::int64_t chunk) {
    for (std::int64_t tile = tiles * chunk / chunks; tile < tiles * (chunk + 1) / chunks; ++tile) {
      // Rows and columns beyond the edge repeat the last one; their products are not stored.
      const std::int64_t first = tile * kDotColumns, rest = std::min<std::int64_t>(kDotColumns, columns - first);
      const Real* right[kDotColumns];
      Real start[kLanes] = {};
      for (int j = 0; j < kDotColumns; ++j) {
        const std::int64_t column = std::min(first + j, columns - 1);
        right[j] = b.data + column * b_column;
        for (int i = 0; bias && i < kDotRows; ++i) start[i * kDotColumns + j] = bias[column];
      }
      Real* c_tile = c.data + first;
      for (std::int64_t row = 0; row < rows; row += kDotRows, c_tile += kDotRows * c_row) {
        const Real* left[kDotRows];
        for (int i = 0; i < kDotRows; ++i) left[i] = a.data + std::min(row + i, rows - 1) * a_row;
        Real products[kLanes];
        // A column of the next tile with each tile of C, else they would all be missing at once.
        const Real* const ahead = b.data + std::min(first + kDotColumns + row / kDotRows, columns - 1) * b_column;
        (dot_tile(left, right, depth, ahead) + Batch::load(start)).store(products);
        const std::int64_t stored = std::min<std::int64_t>(kDotRows, rows - row);
        if (rest == kDotColumns)
          for (std::int64_t i = 0; i < stored; ++i)
            std::copy_n(products + i * kDotColumns, kDotColumns, c_tile + i * c_row);
        else
          for (std::int64_t i = 0; i < stored; ++i)
            for (std::int64_t j = 0; j < rest; ++j) c_tile[i * c_row + j] = products[i * kDotColumns + j];
      }
    }
  });
}

}  // namespace GRADUS::kernel

// Matrix multiplication on one thread, of factors that lie as the micro-kernel reads them: nothing is copied, nothing
// allocated. For callers that lay out their own factors and split their own work (conv.cpp).
#pragma once

#include <algorithm>

#include "tensor/gemm_block.h"

namespace GRADUS::kernel {

/// A (rows, depth): its rows are contiguous (k_stride = 1) or its columns are (row_stride = 1).
struct LeftFactor {
  const Real* data;
  std::int64_t row_stride, k_stride;
};
/// B (depth, columns): whole tiles of kTileColumns numbers are readable everywhere, also at the right edge.
struct RightFactor {
  const Real* data;
  std::int64_t k_stride;
  std::int64_t tile_stride = kTileColumns;  // from the columns of one tile to those of the next
};

/// C = A·B, or C += A·B. Every element is a chain of fma in ascending k.
inline void gemm_in_place(const LeftFactor& a, const RightFactor& b, Real* c, std::int64_t c_row, std::int64_t rows,
                          std::int64_t columns, std::int64_t depth, bool accumulate = false) {
  if (depth == 0) {
    for (std::int64_t row = 0; row < rows && !accumulate; ++row) std::fill_n(c + row * c_row, columns, Real(0));
    return;
  }
  Operands x{};
  x.a_row = a.row_stride;
  x.a_k = a.k_stride;
  x.b_k = b.k_stride;
  x.start = accumulate ? c : nullptr;
  x.start_row = x.c_row = c_row;
  x.c = c;
  for (std::int64_t k = 0; k < depth; k += kBlockDepth) {
    x.depth = std::min(kBlockDepth, depth - k);
    x.a = a.data + k * a.k_stride;
    x.b = b.data + k * b.k_stride;
    multiply(x, rows, columns, {.height = kTileRows, .width = kTileColumns, .b = b.tile_stride});
    x.start = c;
  }
}

}  // namespace GRADUS::kernel

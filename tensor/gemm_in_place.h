// Matrix multiplication on one thread, of factors that lie as the micro-kernel reads them: nothing is copied, nothing
// allocated. For callers that lay out their own factors and split their own work (conv.cpp).
#pragma once

#include <algorithm>

#include "tensor/gemm_tile.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

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
  TileCall call{};
  call.a_row = a.row_stride;
  call.a_k = a.k_stride;
  call.b_k = b.k_stride;
  call.c_row = c_row;
  const bool downwards = rows_inside(depth);
  for (std::int64_t k = 0; k < depth; k += kBlockDepth) {
    const bool start_from_c = accumulate || k > 0;
    call.depth = std::min(kBlockDepth, depth - k);
    call.start_row = start_from_c ? c_row : 0;
    call.a_tile = downwards ? kTileRows * a.row_stride : 0;
    call.b_tile = downwards ? 0 : b.tile_stride;
    call.c_tile = downwards ? kTileRows * c_row : kTileColumns;
    call.c_next = downwards ? kTileColumns : kTileRows * c_row;
    call.start_tile = start_from_c ? call.c_tile : 0;
    const auto run = [&](std::int64_t row, std::int64_t height, std::int64_t column, std::int64_t width,
                         std::int64_t tiles) {
      if (tiles == 0 || height == 0 || width == 0) return;
      call.a = a.data + row * a.row_stride + k * a.k_stride;
      call.b = b.data + k * b.k_stride + column / kTileColumns * b.tile_stride;
      call.c = c + row * c_row + column;
      call.start = start_from_c ? call.c : kZeros;
      call.tiles = tiles;
      run_tiles(call, height, width);
    };
    if (downwards) {
      const std::int64_t whole = rows / kTileRows * kTileRows;
      for (std::int64_t column = 0; column < columns; column += kTileColumns) {
        const std::int64_t width = std::min<std::int64_t>(kTileColumns, columns - column);
        run(0, kTileRows, column, width, whole / kTileRows);
        run(whole, rows - whole, column, width, 1);
      }
    } else {
      const std::int64_t whole = columns / kTileColumns * kTileColumns;
      for (std::int64_t row = 0; row < rows; row += kTileRows) {
        const std::int64_t height = std::min<std::int64_t>(kTileRows, rows - row);
        run(row, height, 0, kTileColumns, whole / kTileColumns);
        run(row, height, whole, columns - whole, 1);
      }
    }
  }
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

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
  static constexpr Real zeros[kTileColumns] = {};
  constexpr std::int64_t most = 1600 / sizeof(Real);  // a panel of A stays in the first-level cache
  if (columns == 0) return;
  const std::int64_t whole = columns / kTileColumns, rest = columns % kTileColumns;
  const TileTable& tiles = a.row_stride == 1 ? kTiles<true> : kTiles<false>;
  TileCall call{};
  call.a_row = a.row_stride;
  call.a_k = a.k_stride;
  call.b_k = b.k_stride;
  call.b_tile = b.tile_stride;
  call.c_row = c_row;
  call.c_tile = kTileColumns;
  for (std::int64_t k = 0; k == 0 || k < depth; k += most) {
    call.depth = std::min(most, depth - k);
    const bool go_on = accumulate || k > 0;
    call.start_row = go_on ? c_row : 0;
    call.start_tile = go_on ? kTileColumns : 0;
    for (std::int64_t row = 0; row < rows; row += kTileRows) {
      const int height = static_cast<int>(std::min<std::int64_t>(kTileRows, rows - row));
      call.a = a.data + row * a.row_stride + k * a.k_stride;
      const auto run = [&](std::int64_t first, std::int64_t count, int width) {
        if (count == 0) return;
        call.b = b.data + k * b.k_stride + first * b.tile_stride;
        call.c = c + row * c_row + first * kTileColumns;
        call.start = go_on ? call.c : zeros;
        call.tiles = count;
        const int vectors = (width + kLanes - 1) / kLanes;
        call.last = width - (vectors - 1) * kLanes;
        tiles[height - 1][vectors - 1](call);
      };
      run(0, whole, kTileColumns);
      run(whole, rest > 0, static_cast<int>(rest));
    }
  }
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

// A block of a matrix product: C cut into tiles for the micro-kernel.
#pragma once

#include "tensor/gemm_plan.h"
#include "tensor/gemm_tile.h"

namespace GRADUS::kernel {

/// How a block is cut into tiles of `height` rows and `width` columns, and how the factors lie in memory.
struct BlockLayout {
  int height, width;
  std::int64_t b;  // from the columns of a tile to the next
  int extra = 0;   // so many columns follow the one tile in a line of tiles; a_row is 1 then
};

/// c = start + a·b for `rows` rows and `columns` columns: whole tiles first, then those at the bottom, at the right,
/// and in the corner. Extra columns go with the whole tiles.
inline void multiply(const Operands& x, std::int64_t rows, std::int64_t columns, const BlockLayout& layout) {
  const TileTable& kernels = x.a_row == 1 ? kTiles<true> : kTiles<false>;
  const Step right{.a = 0, .b = layout.b, .start = layout.width, .c = layout.width};
  // Tiles go to the right, so that C is written in runs that the processor fetches ahead; or downwards, where there is
  // nothing at the right, or where K is so short that a panel of B stays in the first-level cache meanwhile.
  const std::int64_t panel = x.depth * layout.width * std::int64_t{sizeof(Real)};
  const bool downwards = columns < 2 * layout.width || panel <= kPanelThatStays;
  struct Part {
    std::int64_t first, panels, size;  // so many panels from the first on, of `size` rows or columns each
  };
  const auto run = [&](std::int64_t height, const Part& vertical, const Part& horizontal) {
    if (vertical.panels * horizontal.panels == 0) return;
    const Step down{.a = height * x.a_row, .b = 0, .start = height * x.start_row, .c = height * x.c_row};
    TileCall call{};
    static_cast<Operands&>(call) = x;
    call.a += vertical.first * down.a;
    call.b += horizontal.first * right.b;
    if (x.start) call.start += vertical.first * down.start + horizontal.first * right.start;
    call.c += vertical.first * down.c + horizontal.first * right.c;
    call.tiles = downwards ? vertical.panels : horizontal.panels;
    call.lines = downwards ? horizontal.panels : vertical.panels;
    call.tile = downwards ? down : right;
    call.line = downwards ? right : down;
    const std::int64_t vectors = ceil_div(horizontal.size, kLanes);
    call.last = static_cast<int>(horizontal.size - (vectors - 1) * kLanes);
    const bool extra = layout.extra > 0 && vertical.size == layout.height;
    (extra ? kTilesWithExtra[vectors - 1][layout.extra - 1] : kernels[vertical.size - 1][vectors - 1])(call);
  };
  const auto whole = [](std::int64_t total, std::int64_t size) { return Part{0, total / size, size}; };
  const auto rest = [](std::int64_t total, std::int64_t size) {
    return Part{total / size, total % size > 0, total % size};
  };
  const Part left = whole(columns, layout.width), edge = rest(columns, layout.width);
  const std::int64_t height = layout.height;
  run(height, whole(rows, height), left);
  run(height, rest(rows, height), left);
  if (edge.panels == 0) return;
  // Narrower tiles at the right edge may be higher.
  const std::int64_t most = most_rows(static_cast<int>(ceil_div(edge.size, kLanes)));
  const std::int64_t edge_height = layout.extra == 0 ? balanced(rows, most) : height;
  if (layout.extra == 0) run(edge_height, whole(rows, edge_height), edge);
  run(edge_height, rest(rows, edge_height), edge);
}

}  // namespace GRADUS::kernel

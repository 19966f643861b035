// The decisions of gemm_plan.h, one function each; the numbers they go by are in gemm_tuning.h.
#include "tensor/gemm_plan.h"

#include "tensor/gemm_tuning.h"

namespace GRADUS::kernel {
namespace {

bool multiple(std::int64_t stride, std::int64_t bytes) { return stride * std::int64_t{sizeof(Real)} % bytes == 0; }

/// At least n, and even unless it is 1: two threads share it evenly.
std::int64_t even(std::int64_t n) { return n == 1 ? n : n + n % 2; }

/// Whether dot products cost less than tiles. They compute whole groups of rows; tiles, whole registers of columns.
bool dots_pay(const GemmSize& s) {
  if (s.a_k != 1 || s.b_k != 1) return false;
  const std::int64_t rows = ceil_div(s.rows, kDotRows) * kDotRows, columns = ceil_div(s.columns, kLanes) * kLanes;
  const std::int64_t loads = s.depth + s.depth * dot_load_sixths(s.a_row | s.b_column) / 6;
  return rows <= kMostDotRows &&
         rows * s.columns * (loads + kLaneSumCost * kLanes) <= columns * s.depth * (s.rows + kCopyCostInRows);
}

/// Panels of columns as wide as a tile; where C is narrow or K is short, of the widest.
Panels column_panels(const GemmSize& s) {
  const int vectors = s.columns <= kWidestTile * kLanes ? static_cast<int>(ceil_div(s.columns, kLanes))
                      : s.depth <= kShortDepth          ? kWidestTile
                                                        : kTileVectors;
  return {s.columns, vectors * kLanes};
}

/// A is read by a tile either down its rows or along them, if nothing stands in the way.
bool a_in_place(const GemmSize& s, const Panels& columns) {
  if (s.a_row == 1) return columns.count < kCopiesPayFrom || !multiple(s.a_k, kHarmfulAlong);
  return s.a_k == 1 && !multiple(s.a_row, kHarmfulBeside);
}

bool b_in_place(const GemmSize& s, std::int64_t row_panels) {
  const bool harmful = multiple(s.b_k, kHarmfulAlong);
  return s.b_column == 1 && row_panels < (harmful ? kCopiesPayFrom : kCopiesOfGoodRowsPayFrom);
}

/// How many columns are computed down the rows: if C is so narrow that it is one panel, and rows of A are adjacent.
int extra_columns(const Panels& columns, bool rows_adjacent) {
  const int rest = static_cast<int>(columns.total % kLanes);
  return rows_adjacent && columns.count == 1 && columns.width > kLanes && rest <= kMostExtra ? rest : 0;
}

/// Panels of rows as high as a tile allows and about equally full; with extra columns, all of the highest.
Panels row_panels(std::int64_t rows, int vectors, int extra) {
  const int most = most_rows(vectors, extra);
  return {rows, extra > 0 ? most : static_cast<int>(balanced(rows, most))};
}

/// Cuts `split` further until, with the parts of `other`, there are `wanted` chunks; as far as it has panels.
void refine(Split& split, const Split& other, std::int64_t wanted) {
  split.parts = std::clamp(ceil_div(wanted, other.parts), split.parts, split.total);
}

}  // namespace

GemmPlan gemm_plan(const GemmSize& s) {
  if (dots_pay(s)) {
    GemmPlan by_dots;
    by_dots.dots = true;
    return by_dots;
  }

  const Panels columns = column_panels(s);
  const bool copy_a = !a_in_place(s, columns);
  const int extra = extra_columns(columns, copy_a || s.a_row == 1);
  const int tile_columns = columns.width - (extra > 0 ? kLanes : 0);
  const Panels rows = row_panels(s.rows, tile_columns / kLanes, extra);

  const std::int64_t work = ceil_div(s.rows * s.columns * s.depth, kChunkWork);
  const std::int64_t wanted = work >= kMostChunksWanted ? kMostChunksWanted : work >= 2 ? 2 : 1;
  Split row_chunks{rows.count, 1};
  Split column_chunks{columns.count, even(ceil_div(columns.count, kChunkPanels))};
  if (wanted > 1) {  // every chunk of columns copies A anew: if it is copied, rows are cut first
    Split& first = copy_a ? row_chunks : column_chunks;
    Split& second = copy_a ? column_chunks : row_chunks;
    refine(first, second, wanted);
    refine(second, first, wanted);
  }

  return {.dots = false,
          .depths = {s.depth, ceil_div(s.depth, kBlockDepth)},
          .rows = rows,
          .columns = columns,
          .row_chunks = row_chunks,
          .column_chunks = column_chunks,
          .copy_a = copy_a,
          .copy_b = !b_in_place(s, row_chunks.most()),
          .extra = extra,
          .tile_columns = tile_columns};
}

}  // namespace GRADUS::kernel

// What is decided about a matrix product, for sizes and strides of which the answer is known.
#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/gemm_plan.h"
#include "tensor/gemm_tuning.h"

using namespace gradus;
using kernel::gemm_plan, kernel::GemmPlan, kernel::GemmSize;

namespace {

enum class Lies { along_k, across_k };  // a factor's neighbours in memory

/// The plan for (rows, depth) @ (depth, columns), both factors without gaps.
GemmPlan plan_of(std::int64_t rows, std::int64_t columns, std::int64_t depth, Lies a, Lies b) {
  GemmSize size{
      .rows = rows, .columns = columns, .depth = depth, .a_row = depth, .a_k = 1, .b_k = 1, .b_column = depth};
  if (a == Lies::across_k) size.a_row = 1, size.a_k = rows;
  if (b == Lies::across_k) size.b_k = columns, size.b_column = 1;
  return gemm_plan(size);
}

constexpr std::int64_t kHarmful = 4096 / sizeof(Real);  // numbers apart that share a set of the first-level cache
constexpr std::int64_t kLarge = 30 * kernel::kTileColumns + 1;  // so many rows or columns that every copy pays

}  // namespace

TEST_CASE("the parts of a plan cover the product, each within what registers and caches hold") {
  int wrong = 0;
  for (const std::int64_t rows : {1, 5, 14, 15, 150, 1024, 3001})
    for (const std::int64_t columns : {1, 16, 20, 33, 64, 65, 500, 3001})
      for (const std::int64_t depth : {1, 40, 784, 5000})
        for (const Lies a : {Lies::along_k, Lies::across_k})
          for (const Lies b : {Lies::along_k, Lies::across_k}) {
            const GemmPlan plan = plan_of(rows, columns, depth, a, b);
            if (plan.dots) continue;
            const int vectors = plan.tile_columns / kLanes;
            wrong += plan.rows.total != rows || plan.columns.total != columns || plan.depths.total != depth;
            wrong += plan.tile_columns != vectors * kLanes || vectors < 1 || vectors > kernel::kWidestTile;
            wrong += plan.rows.width < 1 || plan.rows.width > kernel::most_rows(vectors, plan.extra);
            wrong += plan.depths.most() > kernel::kBlockDepth;
            wrong += plan.row_chunks.total != plan.rows.count || plan.column_chunks.total != plan.columns.count;
            wrong += plan.row_chunks.parts > plan.rows.count || plan.column_chunks.parts > plan.columns.count;
            wrong += plan.column_chunks.most() > kernel::kChunkPanels;
            wrong += plan.extra > 0 ? plan.columns.count != 1 || columns != plan.tile_columns + plan.extra
                                    : plan.columns.width != plan.tile_columns;
          }
  CHECK(wrong == 0);
}

TEST_CASE("a split has no gaps, and its parts differ by one at most") {
  for (const kernel::Split& split : {kernel::Split{10, 1}, kernel::Split{10, 4}, kernel::Split{3, 3}}) {
    std::int64_t at = 0;
    for (std::int64_t part = 0; part < split.parts; at += split.size(part++)) {
      CHECK(split.begin(part) == at);
      CHECK(split.size(part) <= split.most());
      CHECK(split.size(part) >= split.most() - 1);
    }
    CHECK(at == split.total);
  }
}

TEST_CASE("small products are left to one thread, large ones are cut in two or four") {
  const auto chunks = [](std::int64_t rows, std::int64_t columns, std::int64_t depth) {
    const GemmPlan plan = plan_of(rows, columns, depth, Lies::along_k, Lies::across_k);
    return plan.row_chunks.parts * plan.column_chunks.parts;
  };
  CHECK(chunks(128, 64, 128) == 1);  // 2^20 multiplications
  CHECK(chunks(129, 64, 128) == 2);
  CHECK(chunks(256, 128, 128) == 4);  // 2^22
  CHECK(chunks(150, 16 * kernel::kTileColumns, 784) == 4);
  CHECK(chunks(1, kLanes, 1 << 24) == 1);  // a single tile cannot be cut
  // However large it is, a chunk's part of B fits into the second-level cache.
  CHECK(plan_of(150, 64 * kernel::kTileColumns, 784, Lies::along_k, Lies::across_k).column_chunks.parts == 4);
  CHECK(plan_of(150, 65 * kernel::kTileColumns, 784, Lies::along_k, Lies::across_k).column_chunks.parts == 6);
}

TEST_CASE("columns are cut before rows, but rows first if A is copied: every chunk of columns would copy it anew") {
  const GemmPlan in_place = plan_of(kLarge, kLarge, 300, Lies::along_k, Lies::across_k);
  CHECK(!in_place.copy_a);
  CHECK(in_place.row_chunks.parts == 1);
  CHECK(in_place.column_chunks.parts == 4);
  const GemmPlan copied = gemm_plan({.rows = 150,
                                     .columns = 12 * kernel::kTileColumns,
                                     .depth = 3000,
                                     .a_row = 7000,
                                     .a_k = 2,
                                     .b_k = 12 * kernel::kTileColumns,
                                     .b_column = 1});
  CHECK(copied.copy_a);
  CHECK(copied.row_chunks.parts == 4);
  CHECK(copied.column_chunks.parts == 1);
  // Where there are no columns to cut, rows are.
  CHECK(plan_of(1000, kLanes, 2000, Lies::along_k, Lies::across_k).row_chunks.parts == 4);
}

TEST_CASE("A is read in place when it is contiguous one way or the other, unless its stride is harmful") {
  const auto copies = [](std::int64_t a_row, std::int64_t a_k, std::int64_t columns = kLarge) {
    return gemm_plan({.rows = kLarge,
                      .columns = columns,
                      .depth = 300,
                      .a_row = a_row,
                      .a_k = a_k,
                      .b_k = columns,
                      .b_column = 1})
        .copy_a;
  };
  CHECK(!copies(784, 1));
  CHECK(!copies(1, 500));
  CHECK(copies(784, 2));  // spread out
  CHECK(copies(0, 3));
  CHECK(copies(kHarmful, 1));
  CHECK(copies(kHarmful / 4, 1));  // rows are read 14 at a time, so a quarter is too much
  CHECK(copies(1, kHarmful));
  CHECK(!copies(1, kHarmful / 4));
  CHECK(!copies(1, kHarmful, 7 * kernel::kTileColumns));  // so few columns read a copy too few times to pay for it
  CHECK(copies(1, kHarmful, 8 * kernel::kTileColumns));
}

TEST_CASE("B is copied when enough panels of rows read it, or when its rows are not contiguous") {
  const auto copies = [](std::int64_t row_panels, std::int64_t b_k, std::int64_t b_column) {
    // A is read in place, so only columns are cut, and all rows read the same copy.
    return gemm_plan({.rows = row_panels * kernel::kTileRows,
                      .columns = kLarge,
                      .depth = 300,
                      .a_row = 300,
                      .a_k = 1,
                      .b_k = b_k,
                      .b_column = b_column})
        .copy_b;
  };
  CHECK(!copies(1, kLarge, 1));
  CHECK(!copies(7, kLarge, 1));
  CHECK(copies(8, kHarmful, 1));
  CHECK(copies(32, kLarge, 1));
  CHECK(copies(8, kLarge, 1) == !kAvx512);  // registers as wide as lines of the cache read rows as fast as a copy
  CHECK(copies(1, kLarge, 2));
  CHECK(copies(40, 1, 300));
}

TEST_CASE("few rows of factors that are contiguous along K become dot products") {
  CHECK(plan_of(4, 200, 784, Lies::along_k, Lies::along_k).dots);
  CHECK(plan_of(1, 1, 1000, Lies::along_k, Lies::along_k).dots);
  CHECK(plan_of(20, 200, 784, Lies::along_k, Lies::along_k).dots == kAvx512);
  CHECK(!plan_of(150, 500, 784, Lies::along_k, Lies::along_k).dots);  // a copy of B is read often enough
  CHECK(!plan_of(4, 200, 4, Lies::along_k, Lies::along_k).dots);      // adding up lanes takes longer than K
  CHECK(!plan_of(4, 200, 784, Lies::along_k, Lies::across_k).dots);
  CHECK(!plan_of(4, 200, 784, Lies::across_k, Lies::along_k).dots);
  const auto dots = [](std::int64_t apart) {
    return gemm_plan({.rows = 40, .columns = 300, .depth = 500, .a_row = apart, .a_k = 1, .b_k = 1, .b_column = apart})
        .dots;
  };
  CHECK(dots(512) == kAvx512);
  CHECK(!dots(501));  // loads would cross lines of the cache
}

TEST_CASE("a narrow C is one panel, and a few columns beyond whole registers are computed down the rows") {
  const auto narrow = [](std::int64_t columns) { return plan_of(150, columns, 500, Lies::across_k, Lies::across_k); };
  const int most = kernel::kMostExtra;  // none without AVX-512
  const GemmPlan with_extra = narrow(kLanes + most);
  CHECK(with_extra.columns.count == 1);
  CHECK(with_extra.extra == most);
  CHECK(with_extra.tile_columns == kLanes);
  CHECK(narrow(kLanes + most + 1).extra == 0);
  CHECK(narrow(kLanes + most + 1).tile_columns == 2 * kLanes);
  CHECK(narrow(std::max(most, 1)).extra == 0);  // they need whole registers at their left
  CHECK(narrow(kernel::kWidestTile * kLanes).columns.count == 1);
  // A is read down its columns, which must be contiguous.
  CHECK(plan_of(150, kLanes + most, 500, Lies::along_k, Lies::across_k).extra == 0);
}

TEST_CASE("tiles are of the widest where K is short") {
  const auto width = [](std::int64_t depth) {
    return plan_of(150, kLarge, depth, Lies::along_k, Lies::across_k).tile_columns;
  };
  CHECK(width(kernel::kShortDepth) == kernel::kWidestTile * kLanes);
  CHECK(width(kernel::kShortDepth + 1) == kernel::kTileColumns);
}

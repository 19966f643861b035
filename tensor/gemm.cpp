// Matrix multiplication, blocked for the caches as in GotoBLAS (Goto and van de Geijn 2008) and BLIS.
//
//                                    B            chunk
//                              +-----------+==========+-----------+
//                              |           |  |  |  | |           |  block of K   } the chunk's part of a block of K,
//                            K |           |--|--|--|-|           |              } packed in panels of 32 columns:
//                              |           |  |  |  | |           |              } second-level cache
//                              +-----------+==========+-----------+
//               K                          :          :
//          +----------+        +-----------+==========+-----------+
//          |     :    |        |           |          |           |
//        M |=====:====|        |           |==|  |  | |           |  14 rows
//          |     :    |        |           |          |           |
//          +----------+        +-----------+==========+-----------+
//       A  block of K                C         N
//
// C is cut into chunks, by its size alone, for the threads to take. A chunk walks the blocks of K in order. In a
// block it walks the panels of 14 rows, whose part of A stays in the first-level cache while the panels of B pass by;
// or, where C is narrow or K is short, the panels of B, while those of A pass by (gemm_block.h). Where a panel of rows
// meets a panel of columns, a tile of C, 14 x 32 numbers, stays in registers while k runs through the block
// (gemm_tile.h). C itself carries the sums from one block to the next, so every element is a chain of fma in ascending
// k, and where the cuts lie does not show in the result. Only a K of thousands is cut in halves, whose sums are added.
// Where C is narrow or K is short, tiles are wider and less high: up to 64 columns, by 6 rows.
//
// Copies are made just before they are read, into memory of the thread's own that fits its caches: B's part of the
// chunk, for a block of K at a time, and one panel of A. A is not copied when it can be read as it lies, nor is B when
// a chunk has so few rows that a copy would not be read often enough to pay. When both are contiguous along K and rows
// are few, gemm_dot.h needs no copy at all.
//
// gemm_plan.h decides all this, by the numbers in gemm_tuning.h; here it is done.
#include "tensor/gemm.h"

#include <algorithm>

#include "tensor/gemm_block.h"
#include "tensor/gemm_dot.h"
#include "tensor/gemm_pack.h"
#include "tensor/gemm_plan.h"
#include "tensor/parallel.h"

namespace GRADUS::kernel {

namespace {

/// A product, done as planned.
class Product {
 public:
  Product(const GemmPlan& plan, const ConstView& a, const ConstView& b, const View& c, const Real* bias)
      : plan_(plan), a_(a), b_(b), c_(c), bias_(bias) {
    const std::int64_t depth = plan.depths.most();
    panel_of_b_ = depth * plan.columns.width;
    if (plan.copy_a) copy_of_a_ = ceil_div(depth * plan.rows.width + kPackSlack, kLanes) * kLanes;
    if (plan.copy_b) copy_of_b_ = plan.column_chunks.most() * panel_of_b_;
  }

  void run() const {
    const std::int64_t across = plan_.column_chunks.parts, chunks = plan_.row_chunks.parts * across;
    const std::int64_t copies = copy_of_a_ + copy_of_b_;
    // One buffer for each thread, taken before they start: how many are at work at once must not show in the pool.
    const Storage buffers(checked_mul(std::min<std::int64_t>(threads(), chunks), copies));
    parallel_for(chunks, [&](std::int64_t chunk, int worker) {
      run_chunk(chunk / across, chunk % across, buffers.data() + worker * copies);
    });
  }

 private:
  void run_chunk(std::int64_t row_chunk, std::int64_t column_chunk, Real* copies) const {
    const std::int64_t row = plan_.rows.begin(plan_.row_chunks.begin(row_chunk));
    const std::int64_t row_end = plan_.rows.begin(plan_.row_chunks.begin(row_chunk + 1));
    const std::int64_t column = plan_.columns.begin(plan_.column_chunks.begin(column_chunk));
    const std::int64_t columns = plan_.columns.begin(plan_.column_chunks.begin(column_chunk + 1)) - column;
    const int height = plan_.rows.width, width = plan_.columns.width;
    Real* const copy_of_a = copies;
    Real* const copy_of_b = copies + copy_of_a_;
    const BlockLayout layout{.height = height,
                             .width = plan_.tile_columns,
                             .b = plan_.copy_b && plan_.extra == 0 ? panel_of_b_ : plan_.tile_columns,
                             .extra = plan_.extra};
    Operands x{};
    x.a_row = plan_.copy_a ? 1 : a_.strides[0];
    x.a_k = plan_.copy_a ? height : a_.strides[1];
    x.b_k = plan_.copy_b ? width : b_.strides[0];
    x.c_row = c_.strides[0];
    for (std::int64_t block = 0; block < plan_.depths.parts; ++block) {
      const std::int64_t k = plan_.depths.begin(block);
      x.depth = plan_.depths.size(block);
      x.b = &b_(k, column);
      if (plan_.copy_b) {
        pack({x.b, b_.strides[1], b_.strides[0], x.depth, columns}, width, panel_of_b_, copy_of_b);
        x.b = copy_of_b;
      }
      for (std::int64_t first = row, rows; first < row_end; first += rows) {
        rows = plan_.copy_a ? std::min<std::int64_t>(height, row_end - first) : row_end - first;
        x.a = &a_(first, k);
        if (plan_.copy_a) {
          pack({x.a, a_.strides[0], a_.strides[1], x.depth, rows}, height, copy_of_a_, copy_of_a);
          x.a = copy_of_a;
        }
        x.c = &c_(first, column);
        x.start = block > 0 ? x.c : bias_ ? bias_ + column : nullptr;
        x.start_row = block > 0 ? x.c_row : 0;
        multiply(x, rows, columns, layout);
      }
    }
  }

  const GemmPlan& plan_;
  const ConstView& a_;
  const ConstView& b_;
  const View& c_;
  const Real* bias_;
  // The sizes of a thread's copies, for a block of K: a panel of A; a panel of B, and all of them in a chunk.
  std::int64_t copy_of_a_ = 0, panel_of_b_ = 0, copy_of_b_ = 0;
};

/// A sum so long that one chain of additions would lose what is added last is two halves, added up.
void by_halves(const ConstView& a, const ConstView& b, const View& c, const Real* bias) {
  const std::int64_t rows = c.shape[0], columns = c.shape[1], depth = a.shape[1], half = depth / 2;
  const Storage rest(checked_mul(rows, columns));
  const auto part = [&](std::int64_t k, std::int64_t length, const View& to, const Real* start) {
    gemm({a.data + k * a.strides[1], {rows, length}, a.strides},
         {b.data + k * b.strides[0], {length, columns}, b.strides}, to, start);
  };
  part(0, half, c, bias);
  part(half, depth - half, {rest.data(), c.shape, {columns, 1}}, nullptr);
  parallel_for(rows, [&](std::int64_t row) {
    const Real* const more = rest.data() + row * columns;
    Real* const sums = c.data + row * c.strides[0];
    for (std::int64_t j = 0; j < columns; ++j) sums[j] += more[j];
  });
}

/// The product of factors without a K.
void fill(const View& c, const Real* bias) {
  for (std::int64_t i = 0; i < c.shape[0]; ++i)
    for (std::int64_t j = 0; j < c.shape[1]; ++j) c(i, j) = bias ? bias[j] : 0;
}

}  // namespace

void gemm(const ConstView& a, const ConstView& b, const View& c, const Real* bias) {
  if (c.shape.numel() == 0) return;
  if (a.shape[1] == 0) return fill(c, bias);
  if (a.shape[1] > kLongestChain) return by_halves(a, b, c, bias);
  const GemmPlan plan = gemm_plan({.rows = c.shape[0],
                                   .columns = c.shape[1],
                                   .depth = a.shape[1],
                                   .a_row = a.strides[0],
                                   .a_k = a.strides[1],
                                   .b_k = b.strides[0],
                                   .b_column = b.strides[1]});
  if (plan.dots) return gemm_dot(a, b, c, bias);
  Product(plan, a, b, c, bias).run();
}

}  // namespace GRADUS::kernel

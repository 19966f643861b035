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
// k, and where the cuts lie does not show in the result. Where C is narrow or K is short, tiles are wider and less
// high: up to 64 columns, by 6 rows.
//
// What is copied, is so right before it is read, into memory of the thread's own that fits its caches: B's part of the
// chunk, for a block of K at a time, and of A one panel. What is not: A, when it can be read as it lies; B likewise,
// when a chunk has so few rows that a copy is not read often enough to pay. When both are contiguous along K and rows
// are few, gemm_dot.h needs no copy at all.
#include "tensor/gemm.h"

#include <algorithm>

#include "tensor/gemm_block.h"
#include "tensor/gemm_dot.h"
#include "tensor/gemm_pack.h"
#include "tensor/parallel.h"

namespace GRADUS::kernel {

namespace {

// The panels of a chunk are 400 KB for a block of K, in a second-level cache of at least 512 KiB; or 1 MB with AVX-512,
// where that cache has 1 or 2 MiB.
constexpr std::int64_t kChunkPanels = 16;
// So many multiplications (some 10 µs) are left to one thread. More are cut in two or four, which threads share evenly;
// beyond four pieces, what each fetches and copies anew costs more than a better balance of the load gains.
constexpr std::int64_t kChunkWork = 1 << 20;
// A copy pays when it is read so many times: A's by panels of columns, B's by panels of rows. Where registers are as
// wide as cache lines, tiles read B's own rows as fast as a copy, unless they are set apart by a harmful stride.
constexpr std::int64_t kCopiesPayFrom = 8;
constexpr std::int64_t kCopiesOfGoodRowsPayFrom = kAvx512 ? 32 : kCopiesPayFrom;
// While K is so short, to write C takes a good part of the time, so tiles are of the widest.
constexpr std::int64_t kShortDepth = kAvx512 ? 48 : 32;
// What lies so many bytes apart, or a multiple, competes for the same few places of the first-level cache (64 sets of
// 64 bytes): rows that a tile reads side by side, 14 of A, sooner than those that come one after the other along K.
constexpr std::int64_t kHarmfulBeside = 1024, kHarmfulAlong = 4096;
bool multiple(std::int64_t stride, std::int64_t bytes) { return stride * sizeof(Real) % bytes == 0; }

/// `total` things in `parts` parts of nearly equal size.
struct Split {
  std::int64_t total, parts;
  std::int64_t begin(std::int64_t part) const {  // one part is so common that it should not cost a division
    return parts == 1 ? total * part : total * part / parts;
  }
  std::int64_t size(std::int64_t part) const { return begin(part + 1) - begin(part); }
};

/// At least n, and even unless 1: two threads share it evenly.
std::int64_t even(std::int64_t n) { return n == 1 ? n : n + n % 2; }

/// `total` rows or columns in panels of `width`, the last one narrower if need be.
struct Panels {
  std::int64_t total;
  int width;
  std::int64_t count = ceil_div(total, width);
  std::int64_t begin(std::int64_t panel) const { return std::min(panel * width, total); }
};

/// Panels of columns as wide as a tile: where K is short, of the widest.
Panels column_panels(std::int64_t columns, std::int64_t depth) {
  const int vectors = columns <= kWidestTile * kLanes ? static_cast<int>(ceil_div(columns, kLanes))
                      : depth <= kShortDepth          ? kWidestTile
                                                      : kTileVectors;
  return {columns, vectors * kLanes};
}

/// Panels of rows as high as a tile allows and about equally full, but for tiles with extra columns.
Panels row_panels(std::int64_t rows, int vectors, int extra) {
  const int most = most_rows(vectors, extra);
  return {rows, extra > 0 ? most : static_cast<int>(balanced(rows, most))};
}

class Product {
 public:
  Product(const ConstView& a, const ConstView& b, const View& c, const Real* bias)
      : a_(a), b_(b), c_(c), bias_(bias), depths_{a.shape[1], ceil_div(a.shape[1], kBlockDepth)},
        columns_(column_panels(c.shape[1], a.shape[1])), copy_a_(!a_in_place()), extra_(extra_columns()),
        tile_columns_(columns_.width - (extra_ > 0 ? kLanes : 0)),
        rows_(row_panels(c.shape[0], tile_columns_ / kLanes, extra_)), row_chunks_{rows_.count, 1},
        column_chunks_{columns_.count, even(ceil_div(columns_.count, kChunkPanels))} {
    const std::int64_t work = ceil_div(c.shape.numel() * a.shape[1], kChunkWork);
    const std::int64_t wanted = work >= 4 ? 4 : work >= 2 ? 2 : 1;
    const auto refine = [wanted](Split& split, const Split& other) {
      split.parts = std::clamp(ceil_div(wanted, other.parts), split.parts, split.total);
    };
    if (copy_a_) refine(row_chunks_, column_chunks_);  // for each chunk of columns copies it anew
    refine(column_chunks_, row_chunks_);
    refine(row_chunks_, column_chunks_);
    copy_b_ = !b_in_place(ceil_div(rows_.count, row_chunks_.parts));
  }

  void run() const {
    const std::int64_t chunks = row_chunks_.parts * column_chunks_.parts;
    const std::int64_t depth = ceil_div(depths_.total, depths_.parts);
    const Copies size{.a = copy_a_ ? ceil_div(depth * rows_.width + kPackSlack, kLanes) * kLanes : 0,
                      .b_panel = depth * columns_.width,
                      .b = copy_b_ ? ceil_div(columns_.count, column_chunks_.parts) * depth * columns_.width : 0};
    // One buffer for each thread, taken before they start: how many are at work at once must not show in the pool.
    const Storage buffers(checked_mul(std::min<std::int64_t>(threads(), chunks), size.a + size.b));
    parallel_for(chunks, [&](std::int64_t chunk, int worker) {
      run_chunk(chunk / column_chunks_.parts, chunk % column_chunks_.parts,
                buffers.data() + worker * (size.a + size.b), size);
    });
  }

 private:
  /// The sizes of a thread's copies: of a panel of A, and of B's panels in a chunk; all for a block of K.
  struct Copies {
    std::int64_t a, b_panel, b;
  };

  /// How many columns are computed down the rows: if C is so narrow that it is one panel, and rows of A are adjacent.
  int extra_columns() const {
    const int rest = static_cast<int>(columns_.total % kLanes);
    const bool few = columns_.count == 1 && columns_.width > kLanes && rest <= kMostExtra;
    return few && (copy_a_ || a_.strides[0] == 1) ? rest : 0;
  }

  bool a_in_place() const {
    if (a_.strides[0] == 1) return columns_.count < kCopiesPayFrom || !multiple(a_.strides[1], kHarmfulAlong);
    return a_.strides[1] == 1 && !multiple(a_.strides[0], kHarmfulBeside);
  }

  bool b_in_place(std::int64_t row_panels) const {
    const bool harmful = multiple(b_.strides[0], kHarmfulAlong);
    return b_.strides[1] == 1 && row_panels < (harmful ? kCopiesPayFrom : kCopiesOfGoodRowsPayFrom);
  }

  void run_chunk(std::int64_t row_chunk, std::int64_t column_chunk, Real* copies, const Copies& size) const {
    const std::int64_t row = rows_.begin(row_chunks_.begin(row_chunk));
    const std::int64_t rows = rows_.begin(row_chunks_.begin(row_chunk + 1)) - row;
    const std::int64_t column = columns_.begin(column_chunks_.begin(column_chunk));
    const std::int64_t columns = columns_.begin(column_chunks_.begin(column_chunk + 1)) - column;
    Real* const copy_of_a = copies;
    Real* const copy_of_b = copies + size.a;
    Operands x{};
    x.a_row = copy_a_ ? 1 : a_.strides[0];
    x.a_k = copy_a_ ? rows_.width : a_.strides[1];
    x.b_k = copy_b_ ? columns_.width : b_.strides[0];
    x.c_row = c_.strides[0];
    const BlockLayout layout{.height = rows_.width, .width = tile_columns_,
                             .b = copy_b_ && extra_ == 0 ? size.b_panel : tile_columns_, .extra = extra_};
    const std::int64_t most = copy_a_ ? rows_.width : rows;  // at a time
    for (std::int64_t block = 0; block < depths_.parts; ++block) {
      const std::int64_t k = depths_.begin(block);
      x.depth = depths_.size(block);
      x.b = copy_b_ ? copy_of_b : &b_(k, column);
      if (copy_b_)
        pack({&b_(k, column), b_.strides[1], b_.strides[0], x.depth, columns}, columns_.width, size.b_panel, copy_of_b);
      for (std::int64_t first = row, count; first < row + rows; first += count) {
        count = std::min(most, row + rows - first);
        const Real* const a = &a_(first, k);
        x.a = copy_a_ ? copy_of_a : a;
        if (copy_a_) pack({a, a_.strides[0], a_.strides[1], x.depth, count}, rows_.width, size.a, copy_of_a);
        x.c = &c_(first, column);
        x.start = block > 0 ? x.c : bias_ ? bias_ + column : nullptr;
        x.start_row = block > 0 ? x.c_row : 0;
        multiply(x, count, columns, layout);
      }
    }
  }

  const ConstView& a_;
  const ConstView& b_;
  const View& c_;
  const Real* bias_;
  Split depths_;                      // K, in blocks of at most kBlockDepth
  Panels columns_;                    // of C
  bool copy_a_, copy_b_;              // or read in place
  int extra_, tile_columns_;          // of its one panel, if any; and the rest, or the columns of a panel
  Panels rows_;                       // of C
  Split row_chunks_, column_chunks_;  // of panels
};

/// The product of factors without a K.
void fill(const View& c, const Real* bias) {
  for (std::int64_t i = 0; i < c.shape[0]; ++i)
    for (std::int64_t j = 0; j < c.shape[1]; ++j) c(i, j) = bias ? bias[j] : 0;
}

}  // namespace

void gemm(const ConstView& a, const ConstView& b, const View& c, const Real* bias) {
  if (c.shape.numel() == 0) return;
  if (a.shape[1] == 0) return fill(c, bias);
  if (dot_pays(a, b)) return gemm_dot(a, b, c, bias);
  Product(a, b, c, bias).run();
}

}  // namespace GRADUS::kernel

// Convolution as matrix multiplication: every position of the kernel's window becomes a row of a matrix, `columns`.
//
//    image                columns                                maps
//   +-----------+        +----------------------------+         +--------------------+
//   | C x H x W |  <->   | C·kh·kw  x  samples·h·w    |   <->   | O  x  samples·h·w  |
//   +-----------+        +----------------------------+         +--------------------+
//
//   maps = weight · columns      columns = weightᵀ · maps, added up to images      weightᵀ += columns · mapsᵀ
//
// Each kernel works on pieces, some samples or some rows of one, whose columns stay in the second-level cache. How
// images become columns and the other way round stands in conv_columns.h.
#include "tensor/conv.h"

#include "tensor/conv_columns.h"
#include "tensor/copy.h"
#include "tensor/gemm_in_place.h"
#include "tensor/gemm_pack.h"
#include "tensor/parallel.h"
#include "tensor/reduce.h"

namespace GRADUS::kernel {
namespace {

/// `view` itself if it is contiguous, else a copy of it, which `copied` keeps.
ConstView contiguous(const ConstView& view, Storage& copied) {
  if (view.contiguous()) return view;
  copied = Storage(view.shape.numel());
  const View out{copied.data(), view.shape, contiguous_strides(view.shape)};
  copy(view, out);
  return out;
}

/// The weight as (O, depth), its rows set apart as those of the columns, `length` from one to the next.
Storage weight_rows(const ConstView& weight, std::int64_t length) {
  Storage rows(checked_mul(weight.shape[0], length));
  const std::int64_t width = weight.shape[3];
  copy(weight, {rows.data(), weight.shape, {length, weight.shape[2] * width, width, 1}});
  return rows;
}

/// Memory for `tasks` tasks, of which each thread has its own, in parts that begin at lines of the cache.
class Scratch {
 public:
  struct Parts {
    Real *maps, *planes, *columns;
  };

  /// Numbers in each part; those of `columns` may be followed by a register more.
  Scratch(std::int64_t tasks, std::int64_t maps, std::int64_t planes, std::int64_t columns)
      : maps_(maps),
        planes_(ceil_div(planes, kRowUnit) * kRowUnit),
        total_(maps_ + planes_ + columns + kLanes),
        buffers_(checked_mul(std::min<std::int64_t>(threads(), tasks), total_)) {}

  Parts of(int worker) const {
    Real* const maps = buffers_.data() + worker * total_;
    return {maps, maps + maps_, maps + maps_ + planes_};
  }

 private:
  std::int64_t maps_, planes_, total_;
  Storage buffers_;
};

}  // namespace

void conv2d(const ConstView& image, const ConstView& weight, const Real* bias, const View& maps,
            const ConvSettings& s) {
  if (maps.shape.numel() == 0) return;
  const Geometry g(image.shape, weight.shape, maps.shape, s);
  const Pieces pieces(g, false);
  const std::int64_t length = row_length(pieces.samples * pieces.rows * g.maps.w), w_length = row_length(g.depth);
  const Storage rows = weight_rows(weight, w_length);

  const Scratch scratch(pieces.count, g.outputs * length, Planes(g, 0, pieces.rows, false).size_to_fill(),
                        checked_mul(g.depth, length));
  parallel_for(pieces.count, [&](std::int64_t index, int worker) {
    const Piece piece(g, pieces, index);
    const auto [products, planes, columns] = scratch.of(worker);
    for (std::int64_t group = 0; group < g.groups; ++group) {
      image_to_columns(g, piece, image, group, length, planes, columns);
      gemm_in_place({rows.data() + group * g.outputs * w_length, w_length, 1}, {columns, length}, products, length,
                    g.outputs, piece.columns, g.depth);
      for (std::int64_t o = 0; o < g.outputs; ++o) {
        const std::int64_t output = group * g.outputs + o;
        const Real start = bias ? bias[output] : 0;
        for (std::int64_t sample = 0; sample < piece.samples; ++sample) {
          const Real* from = products + o * length + sample * piece.pixels;
          Real* to = &maps(piece.first + sample, output, piece.top);
          for (std::int64_t i = 0; i < piece.pixels; ++i) to[i] = from[i] + start;
        }
      }
    }
  });
}

void conv_transpose2d(const ConstView& maps, const ConstView& weight, const Real* bias, const View& image,
                      const ConvSettings& s) {
  if (image.shape.numel() == 0) return;
  const Geometry g(image.shape, weight.shape, maps.shape, s);
  const Pieces pieces(g, true);
  const std::int64_t length = row_length(pieces.samples * pieces.rows * g.maps.w), w_length = row_length(g.depth);
  const Storage rows = weight_rows(weight, w_length);
  Storage copied;
  const ConstView from = contiguous(maps, copied);

  // All channels of a piece, but of a sample that is large by itself only so many at a time.
  constexpr std::int64_t most_columns = (std::int64_t{4} << 20) / sizeof(Real);
  const std::int64_t window = g.window.h * g.window.w;
  const std::int64_t least = pieces.samples > 1 ? g.channels : 1;
  const std::int64_t block = std::clamp<std::int64_t>(most_columns / (window * length), least, g.channels);
  const std::int64_t blocks = ceil_div(g.channels, block);

  const Scratch scratch(pieces.count * blocks, g.outputs * length, Planes(g, 0, g.maps.h, true).size(),
                        checked_mul(block * window, length));
  parallel_for(pieces.count * blocks, [&](std::int64_t index, int worker) {
    const Piece piece(g, pieces, index / blocks);
    const std::int64_t first = index % blocks * block, last = std::min(first + block, g.channels);
    const auto [side_by_side, planes, columns] = scratch.of(worker);
    for (std::int64_t group = 0; group < g.groups; ++group) {
      for (std::int64_t o = 0; o < g.outputs; ++o)
        for (std::int64_t sample = 0; sample < piece.samples; ++sample)
          std::copy_n(&from(piece.first + sample, group * g.outputs + o), piece.pixels,
                      side_by_side + o * length + sample * piece.pixels);
      gemm_in_place({rows.data() + group * g.outputs * w_length + first * window, 1, w_length}, {side_by_side, length},
                    columns, length, (last - first) * window, piece.columns, g.outputs);
      columns_to_image(g, piece, columns, length, group, first, last, bias, planes, image);
    }
  });
}

// Some runs of pieces, cut by the sizes alone, add up a transposed weight each; their sum is a fixed tree.
void conv2d_weight(const ConstView& image, const ConstView& maps, const View& weight, const ConvSettings& s) {
  if (weight.shape.numel() == 0) return;
  if (maps.shape.numel() == 0) {
    std::fill_n(weight.data, weight.shape.numel(), Real(0));
    return;
  }
  const Geometry g(image.shape, weight.shape, maps.shape, s);
  const Pieces pieces(g, false);
  const std::int64_t most_columns = pieces.samples * pieces.rows * g.maps.w, length = row_length(most_columns);
  Storage copied;
  const ConstView from = contiguous(maps, copied);

  constexpr std::int64_t most_numbers = 1 << 22, most_runs = 32;  // of the partial sums, if there is more than one
  const std::int64_t numbers = weight.shape.numel();
  const std::int64_t runs = std::min(std::clamp<std::int64_t>(most_numbers / numbers, 4, most_runs), pieces.count);
  const Storage sums(checked_mul(runs + 1, numbers));
  const std::int64_t panel = most_columns * kTileColumns, panels = ceil_div(g.outputs, kTileColumns);
  const Scratch scratch(runs, panels * panel, Planes(g, 0, pieces.rows, false).size_to_fill(),
                        checked_mul(g.depth, length));
  parallel_for(runs, [&](std::int64_t run, int worker) {
    const auto [packed, planes, columns] = scratch.of(worker);
    const std::int64_t begin = pieces.count * run / runs, end = pieces.count * (run + 1) / runs;
    for (std::int64_t index = begin; index < end; ++index) {
      const Piece piece(g, pieces, index);
      for (std::int64_t group = 0; group < g.groups; ++group) {
        image_to_columns(g, piece, image, group, length, planes, columns);
        for (std::int64_t sample = 0; sample < piece.samples; ++sample)
          pack({&from(piece.first + sample, group * g.outputs, piece.top), from.strides[1], 1, piece.pixels, g.outputs},
               kTileColumns, panel, packed + sample * piece.pixels * kTileColumns);
        gemm_in_place({columns, length, 1}, {packed, kTileColumns, panel},
                      sums.data() + run * numbers + group * g.depth * g.outputs, g.outputs, g.depth, g.outputs,
                      piece.columns, index > begin);
      }
    }
  });
  Real* const total = sums.data() + runs * numbers;
  sum({sums.data(), {runs, numbers}, {numbers, 1}}, {total, {1, numbers}, {numbers, 1}});
  copy({total, {g.groups, g.outputs, g.depth}, {g.depth * g.outputs, 1, g.outputs}},
       {weight.data, {g.groups, g.outputs, g.depth}, {g.depth * g.outputs, g.depth, 1}});
}

}  // namespace GRADUS::kernel

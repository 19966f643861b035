// Convolution as matrix multiplication: every position of the kernel's window becomes a row of a matrix, `columns`.
//
//    image                 planes                       columns                            maps, some samples
//   +---------+    +-----+-----+  (per channel,    +------------------------+             +------------------+
//   | C x H x W| -> | 0,0 | 0,1 |   one for each -> | C·kh·kw  x  (n, y, x) |  weight ·   | O  x  (n, y, x)  |
//   +---------+    | 1,0 | 1,1 |   offset within   +------------------------+  columns =  +------------------+
//                  +-----+-----+   the stride)
//
// A stride would spread the numbers that lie side by side in a row of `columns` over the image. So each channel is
// first dealt out to planes, padding included, one for each row and column offset modulo the stride: there every row
// of `columns` is made of contiguous runs. The three kernels are
//
//   maps = weight · columns      columns = weightᵀ · maps, added up into planes      weightᵀ += columns · mapsᵀ
//
// and each works on pieces, some samples or some rows of one, whose columns stay in the second-level cache.
#include "tensor/conv.h"

#include <algorithm>
#include <cmath>

#include "tensor/gemm_in_place.h"
#include "tensor/gemm_pack.h"
#include "tensor/map.h"
#include "tensor/parallel.h"
#include "tensor/reduce.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {
namespace {

constexpr std::int64_t kPieceBytes = 320 << 10;  // of columns and maps: a piece stays in the second-level cache
constexpr std::int64_t kRowUnit = 64 / sizeof(Real);

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The length of matrix rows with room for `count` numbers and whatever a tile or register reads or writes beyond
/// them. An odd number of cache lines: numbers below one another do not compete for the same few places of a cache.
std::int64_t row_length(std::int64_t count) {
  return (ceil_div(count + std::max<std::int64_t>(kLanes, kTileColumns), kRowUnit) | 1) * kRowUnit;
}

/// `view` itself if it is contiguous, else a copy of it in `copy`.
ConstView contiguous(const ConstView& view, Storage& copied) {
  if (view.contiguous()) return view;
  copied = Storage(view.shape.numel());
  const View out{copied.data(), view.shape, contiguous_strides(view.shape)};
  copy(view, out);
  return out;
}

/// Everything about sizes, per group of channels.
struct Geometry {
  ConvSettings s;
  std::int64_t samples, groups;
  std::int64_t channels, outputs;  // C and O of a group
  Pair image, window, maps;        // extents
  std::int64_t depth;              // channels · window

  Geometry(const Shape& image, const Shape& weight, const Shape& maps, const ConvSettings& settings)
      : s(settings), samples(image[0]), groups(s.groups), channels(weight[1]), outputs(weight[0] / groups),
        image(image[2], image[3]), window(weight[2], weight[3]), maps(maps[2], maps[3]),
        depth(channels * window.h * window.w) {}
};

/// What is worked on at a time: `samples` whole samples, or `rows` rows of the maps of one.
struct Pieces {
  std::int64_t samples, rows, per_sample, count;

  Pieces(const Geometry& g, bool whole_samples) {
    const std::int64_t wanted = kPieceBytes / static_cast<std::int64_t>(sizeof(Real)) / (g.depth + g.outputs);
    const std::int64_t pixels = g.maps.h * g.maps.w;
    samples = std::clamp<std::int64_t>(wanted / pixels, 1, g.samples);
    rows = whole_samples || samples > 1 ? g.maps.h : std::clamp<std::int64_t>(wanted / g.maps.w, 1, g.maps.h);
    per_sample = ceil_div(g.maps.h, rows);
    count = ceil_div(g.samples, samples) * per_sample;
  }
};

struct Piece {
  std::int64_t first, samples;  // from `first` on
  std::int64_t top, rows;       // of the maps
  std::int64_t pixels;          // of one sample
  std::int64_t columns;         // of all

  Piece(const Geometry& g, const Pieces& pieces, std::int64_t index)
      : first(index / pieces.per_sample * pieces.samples), samples(std::min(pieces.samples, g.samples - first)),
        top(index % pieces.per_sample * pieces.rows), rows(std::min(pieces.rows, g.maps.h - top)),
        pixels(rows * g.maps.w), columns(samples * pixels) {}
};

/// One channel of a sample, or of some rows of it, with its padding, its columns dealt out to one plane for each offset
/// modulo the stride.
class Planes {
 public:
  /// For `rows` rows of the maps from `top` on. With `whole`, every pixel of the image has a place in them.
  Planes(const Geometry& g, std::int64_t top, std::int64_t rows, bool whole)
      : g_(g), stride_(g.s.stride.w), top_(top * g.s.stride.h - g.s.padding.h) {
    std::int64_t width = (g.maps.w - 1) * stride_ + (g.window.w - 1) * g.s.dilation.w + 1;
    rows_ = (rows - 1) * g.s.stride.h + (g.window.h - 1) * g.s.dilation.h + 1;
    if (whole) {
      rows_ = std::max(rows_, g.image.h + g.s.padding.h);
      width = std::max(width, g.image.w + g.s.padding.w);
    }
    width_ = ceil_div(width, stride_);
  }

  /// Numbers that the planes need, and fill() more, for the channel before it is dealt out; with room for whole registers.
  std::int64_t size() const { return plane_size() * stride_ + 2 * kLanes; }
  std::int64_t size_to_fill() const { return 2 * size() + g_.s.padding.w; }
  /// From what an element of the window sees for one row of the maps to the next.
  std::int64_t row() const { return g_.s.stride.h * width_; }

  /// Calls visit(number of the element, where what it sees begins) for every element of the window. Column by column: so
  /// what columns_to_image adds to just written numbers has their alignment, or is another plane's.
  template <class Visit>
  void for_each_element(const Visit& visit) const {
    std::int64_t plane = 0, column = 0;  // of position j·dilation
    for (std::int64_t j = 0; j < g_.window.w; ++j) {
      const std::int64_t top = plane * plane_size() + column;
      for (std::int64_t i = 0; i < g_.window.h; ++i) visit(i * g_.window.w + j, top + i * g_.s.dilation.h * width_);
      plane += g_.s.dilation.w;
      for (; plane >= stride_; plane -= stride_) ++column;
    }
  }

  /// Deals out a channel: element (y, x) at data[y·row + x·column].
  void fill(const Real* data, std::int64_t row, std::int64_t column, Real* planes) const {
    const std::int64_t width = width_ * stride_, left = std::min(g_.s.padding.w, width);
    const std::int64_t right = std::min(left + g_.image.w, width);  // where the padding begins
    const std::int64_t between = width - right + left;              // the padding at the end of a row and before the next
    const std::int64_t top = std::clamp<std::int64_t>(-top_, 0, rows_);
    const std::int64_t bottom = std::clamp<std::int64_t>(g_.image.h - top_, top, rows_);
    Real* const padded = stride_ == 1 ? planes : planes + size();
    fill_zeros(padded, top * width + left);
    data += (top_ + top) * row;
    for (Real* to = padded + top * width + left; to < padded + bottom * width; to += width, data += row) {
      if (column == 1)
        take(data, 1, right - left, to);
      else
        for (std::int64_t i = 0; i < right - left; ++i) to[i] = data[i * column];
      fill_zeros(to + (right - left), between);
    }
    fill_zeros(padded + bottom * width, (rows_ - bottom) * width);
    if (stride_ == 1) return;
    for (std::int64_t plane = 0; plane < stride_; ++plane)  // rows follow one another: they are dealt out as one
      take(padded + plane, stride_, plane_size(), planes + plane * plane_size());
  }

  /// The opposite, of planes that hold the whole image: writes a contiguous channel.
  void collect(const Real* planes, Real* image) const {
    const Real* const end = image + g_.image.h * g_.image.w;
    for (std::int64_t y = 0; y < g_.image.h; ++y, image += g_.image.w) {
      const Real* const row = planes + (y - top_) * width_;
      const auto from = [&](std::int64_t x) {
        const std::int64_t padded = x + g_.s.padding.w;
        return row + (stride_ == 1 ? padded : padded % stride_ * plane_size() + padded / stride_);
      };
      if (stride_ == 2 && end - image >= g_.image.w + 2 * kLanes) {  // whole registers: what is too much is written after
        const Real *const even = from(0), *const odd = from(1);
        for (std::int64_t x = 0; 2 * x < g_.image.w; x += kLanes) {
          const Batch a = Batch::load(even + x), b = Batch::load(odd + x);
          detail::shuffle<detail::Interleave<false>>(a, b).store(image + 2 * x);
          detail::shuffle<detail::Interleave<true>>(a, b).store(image + 2 * x + kLanes);
        }
        continue;
      }
      for (std::int64_t first = 0; first < std::min(stride_, g_.image.w); ++first) {
        const Real* number = from(first);
        for (std::int64_t x = first; x < g_.image.w; x += stride_) image[x] = *number++;
      }
    }
  }

 private:
  std::int64_t plane_size() const { return rows_ * width_; }

  static void fill_zeros(Real* to, std::int64_t count) {
    if (count <= 0) return;
    Batch(0).store(to);  // mostly that is all: written so that no compiler makes it a call of memset
    for (std::int64_t i = kLanes; i < count; i += kLanes) Batch(0).store(to + i);
  }

  /// to[i] = from[i·step]; reads and writes whole registers.
  static void take(const Real* from, std::int64_t step, std::int64_t count, Real* to) {
    if (step == 1)
      for (std::int64_t i = 0; i < count; i += kLanes) Batch::load(from + i).store(to + i);
    else if (step == 2)
      for (std::int64_t i = 0; i < count; i += kLanes)
        detail::shuffle<detail::EverySecond>(Batch::load(from + 2 * i), Batch::load(from + 2 * i + kLanes)).store(to + i);
    else
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * step];
  }

  const Geometry& g_;
  const std::int64_t stride_;  // of columns
  const std::int64_t top_;     // the row of the image, perhaps above it, that is row 0 of the planes
  std::int64_t rows_, width_;  // of a plane
};

/// The rows and columns of the image that a piece's maps see, as a matrix (depth, columns) of rows `length` apart.
void image_to_columns(const Geometry& g, const Piece& piece, const ConstView& image, std::int64_t group,
                      std::int64_t length, Real* scratch, Real* columns) {
  const Planes planes(g, piece.top, piece.rows, false);
  const std::int64_t rows = piece.rows, width = g.maps.w, step = planes.row();
  for (std::int64_t sample = 0; sample < piece.samples; ++sample) {
    Real* row = columns + sample * piece.pixels;
    for (std::int64_t c = 0; c < g.channels; ++c) {
      planes.fill(&image(piece.first + sample, group * g.channels + c), image.strides[2], image.strides[3], scratch);
      planes.for_each_element([&](std::int64_t element, std::int64_t offset) {
        const Real* from = scratch + offset;
        Real* to = row + element * length;
        // Whole registers: what is too much at the end is overwritten by what follows, or lies beyond the matrix.
        for (std::int64_t y = 0; y < rows; ++y, from += step, to += width)
          for (std::int64_t x = 0; x < width; x += kLanes) Batch::load(from + x).store(to + x);
      });
      row += g.window.h * g.window.w * length;
    }
  }
}

/// The opposite: adds up `columns`, of whole samples, to images that start from `bias`.
void columns_to_image(const Geometry& g, const Piece& piece, const Real* columns, std::int64_t length,
                      std::int64_t group, const Real* bias, Real* scratch, const View& image) {
  const Planes planes(g, 0, g.maps.h, true);
  alignas(kAlignment) Real counts[kLanes];
  for (int i = 0; i < kLanes; ++i) counts[i] = static_cast<Real>(i);
  const std::int64_t width = g.maps.w, rows = g.maps.h, step = planes.row(), whole = width / kLanes * kLanes;
  const Mask rest = Batch::load(counts) < Batch(width - whole);
  for (std::int64_t sample = 0; sample < piece.samples; ++sample) {
    const Real* row = columns + sample * piece.pixels;
    for (std::int64_t c = 0; c < g.channels; ++c) {
      const std::int64_t channel = group * g.channels + c;
      std::fill_n(scratch, planes.size(), bias ? bias[channel] : 0);
      planes.for_each_element([&](std::int64_t element, std::int64_t offset) {
        Real* to = scratch + offset;
        const Real* from = row + element * length;
        for (std::int64_t y = 0; y < rows; ++y, to += step, from += width) {
          for (std::int64_t x = 0; x < whole; x += kLanes) (Batch::load(to + x) + Batch::load(from + x)).store(to + x);
          if (whole < width) (Batch::load(to + whole) + where(rest, Batch::load(from + whole), 0)).store(to + whole);
        }
      });
      row += g.window.h * g.window.w * length;
      planes.collect(scratch, &image(piece.first + sample, channel));
    }
  }
}

/// One thread's memory, in parts that begin at cache lines.
struct Scratch {
  std::int64_t columns, maps, planes;  // sizes
  std::int64_t total() const { return columns + maps + ceil_div(planes, kRowUnit) * kRowUnit; }
};

}  // namespace

void conv2d(const ConstView& image, const ConstView& weight, const Real* bias, const View& maps,
            const ConvSettings& s) {
  if (maps.shape.numel() == 0) return;
  const Geometry g(image.shape, weight.shape, maps.shape, s);
  const Pieces pieces(g, false);
  const std::int64_t length = row_length(pieces.samples * pieces.rows * g.maps.w), w_length = row_length(g.depth);
  // The weight as (O, depth), its rows set apart as those of the columns.
  const Storage rows(checked_mul(weight.shape[0], w_length));
  copy(weight, {rows.data(), weight.shape, {w_length, g.window.h * g.window.w, g.window.w, 1}});

  const Scratch size{.columns = checked_mul(g.depth, length) + kLanes, .maps = g.outputs * length,
                     .planes = Planes(g, 0, pieces.rows, false).size_to_fill()};
  const Storage buffers(checked_mul(std::min<std::int64_t>(threads(), pieces.count), size.total()));
  parallel_for(pieces.count, [&](std::int64_t index, int worker) {
    const Piece piece(g, pieces, index);
    Real* const products = buffers.data() + worker * size.total();
    Real* const planes = products + size.maps;
    Real* const columns = planes + size.total() - size.maps - size.columns;
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
  const Storage rows(checked_mul(weight.shape[0], w_length));
  copy(weight, {rows.data(), weight.shape, {w_length, g.window.h * g.window.w, g.window.w, 1}});
  Storage copied;
  const ConstView from = contiguous(maps, copied);

  const Scratch size{.columns = checked_mul(g.depth, length) + kLanes, .maps = g.outputs * length,
                     .planes = Planes(g, 0, g.maps.h, true).size()};
  const Storage buffers(checked_mul(std::min<std::int64_t>(threads(), pieces.count), size.total()));
  parallel_for(pieces.count, [&](std::int64_t index, int worker) {
    const Piece piece(g, pieces, index);
    Real* const side_by_side = buffers.data() + worker * size.total();
    Real* const planes = side_by_side + size.maps;
    Real* const columns = planes + size.total() - size.maps - size.columns;
    for (std::int64_t group = 0; group < g.groups; ++group) {
      for (std::int64_t o = 0; o < g.outputs; ++o)
        for (std::int64_t sample = 0; sample < piece.samples; ++sample)
          std::copy_n(&from(piece.first + sample, group * g.outputs + o), piece.pixels,
                      side_by_side + o * length + sample * piece.pixels);
      gemm_in_place({rows.data() + group * g.outputs * w_length, 1, w_length}, {side_by_side, length}, columns, length,
                    g.depth, piece.columns, g.outputs);
      columns_to_image(g, piece, columns, length, group, bias, planes, image);
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
  const Scratch size{.columns = checked_mul(g.depth, length) + kLanes, .maps = panels * panel,
                     .planes = Planes(g, 0, pieces.rows, false).size_to_fill()};
  const Storage buffers(checked_mul(std::min<std::int64_t>(threads(), runs), size.total()));
  parallel_for(runs, [&](std::int64_t run, int worker) {
    Real* const packed = buffers.data() + worker * size.total();
    Real* const planes = packed + size.maps;
    Real* const columns = planes + size.total() - size.maps - size.columns;
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

void window_argmax(const ConstView& image, const Pair& window, const Pair& stride, const Pair& padding, const Pair& size,
                   std::int64_t* out) {
  const std::int64_t height = image.shape[1], width = image.shape[2], windows = size.h * size.w;
  constexpr std::int64_t chunk_work = 1 << 15;  // numbers to compare
  if (image.shape[0] * windows == 0) return;
  const std::int64_t planes_per_chunk = std::max<std::int64_t>(1, chunk_work / (windows * window.h * window.w));
  parallel_for(ceil_div(image.shape[0], planes_per_chunk), [&](std::int64_t chunk) {
    const std::int64_t last = std::min(image.shape[0], (chunk + 1) * planes_per_chunk);
    for (std::int64_t plane = chunk * planes_per_chunk; plane < last; ++plane)
      for (std::int64_t i = 0; i < windows; ++i) {
        const std::int64_t y = i / size.w * stride.h - padding.h, x = i % size.w * stride.w - padding.w;
        const std::int64_t top = std::max<std::int64_t>(y, 0), left = std::max<std::int64_t>(x, 0);
        const std::int64_t bottom = std::min(y + window.h, height), right = std::min(x + window.w, width);
        Real best = image(plane, top, left);
        std::int64_t at = top * width + left;
        for (std::int64_t r = top; r < bottom; ++r)
          for (std::int64_t c = left; c < right; ++c) {
            const Real number = image(plane, r, c);
            if (number <= best || std::isnan(best)) continue;
            best = number;
            at = r * width + c;
          }
        out[plane * windows + i] = at;
      }
  });
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

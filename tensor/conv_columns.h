// Images to matrices and back, for convolution (conv.cpp): every position of the kernel's window becomes a row of a
// matrix, `columns`, with one column for every pixel of the maps.
//
// A stride would spread the numbers that lie side by side in a row of `columns` over the image. So each channel,
// padding included, is first dealt out by columns to planes, one for each offset modulo the stride: there every row of
// `columns` is made of contiguous runs.
#pragma once

#include <algorithm>

#include "tensor/conv.h"
#include "tensor/gemm_tile.h"
#include "tensor/parallel.h"
#include "tensor/shuffle.h"

namespace GRADUS::kernel {

inline constexpr std::int64_t kPieceBytes = 320 << 10;  // of columns and maps: a piece stays in the second-level cache
inline constexpr std::int64_t kRowUnit = 64 / sizeof(Real);

/// The length of matrix rows with room for `count` numbers and whatever a tile or register reads or writes beyond
/// them. An odd number of cache lines: numbers below one another do not compete for the same few places of a cache.
inline std::int64_t row_length(std::int64_t count) {
  return (ceil_div(count + std::max<std::int64_t>(kLanes, kTileColumns), kRowUnit) | 1) * kRowUnit;
}

/// Everything about sizes, per group of channels.
struct Geometry {
  ConvSettings s;
  std::int64_t samples, groups;
  std::int64_t channels, outputs;  // C and O of a group
  Pair image, window, maps;        // extents
  std::int64_t depth;              // channels · window

  Geometry(const Shape& image, const Shape& weight, const Shape& maps, const ConvSettings& settings)
      : s(settings),
        samples(image[0]),
        groups(s.groups),
        channels(weight[1]),
        outputs(weight[0] / groups),
        image(image[2], image[3]),
        window(weight[2], weight[3]),
        maps(maps[2], maps[3]),
        depth(channels * window.h * window.w) {
    if (this->maps.h == 1) s.stride.h = 1;  // there is no next one for it to lead to, however large it is
    if (this->maps.w == 1) s.stride.w = 1;
  }
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
      : first(index / pieces.per_sample * pieces.samples),
        samples(std::min(pieces.samples, g.samples - first)),
        top(index % pieces.per_sample * pieces.rows),
        rows(std::min(pieces.rows, g.maps.h - top)),
        pixels(rows * g.maps.w),
        columns(samples * pixels) {}
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
    plane_size_ = checked_mul(rows_, width_);
  }

  /// Numbers that the planes need, and fill() more, for the channel before it is dealt out. There is room for whole
  /// registers.
  std::int64_t size() const { return checked_add(checked_mul(plane_size_, stride_), 2 * kLanes); }
  std::int64_t size_to_fill() const {
    return checked_add(checked_mul(2, size()), std::min(g_.s.padding.w, width_ * stride_));
  }
  /// From what an element of the window sees for one row of the maps to the next.
  std::int64_t row() const { return g_.s.stride.h * width_; }

  /// Calls visit(number of the element, where what it sees begins) for every element of the window. Column by column:
  /// so what columns_to_image adds to just written numbers has their alignment, or is another plane's.
  template <class Visit>
  void for_each_element(const Visit& visit) const {
    std::int64_t plane = 0, column = 0;  // of position j·dilation
    for (std::int64_t j = 0; j < g_.window.w; ++j) {
      const std::int64_t top = plane * plane_size_ + column;
      for (std::int64_t i = 0; i < g_.window.h; ++i) visit(i * g_.window.w + j, top + i * g_.s.dilation.h * width_);
      plane += g_.s.dilation.w;
      column += plane / stride_;
      plane %= stride_;
    }
  }

  /// Deals out a channel: element (y, x) at data[y·row + x·column].
  void fill(const Real* data, std::int64_t row, std::int64_t column, Real* planes) const {
    const std::int64_t width = width_ * stride_, left = std::min(g_.s.padding.w, width);
    const std::int64_t right = std::min(left + g_.image.w, width);  // where the padding begins
    const std::int64_t between = width - right + left;  // the padding at the end of a row and before the next
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
      take(padded + plane, stride_, plane_size_, planes + plane * plane_size_);
  }

  /// The opposite, of planes that hold the whole image: writes a contiguous channel.
  void collect(const Real* planes, Real* image) const {
    const Real* const end = image + g_.image.h * g_.image.w;
    for (std::int64_t y = 0; y < g_.image.h; ++y, image += g_.image.w) {
      const Real* const row = planes + (y - top_) * width_;
      const auto from = [&](std::int64_t x) {
        const std::int64_t padded = x + g_.s.padding.w;
        return row + (stride_ == 1 ? padded : padded % stride_ * plane_size_ + padded / stride_);
      };
      if (stride_ == 2 && end - image >= g_.image.w + 2 * kLanes) {
        // Whole registers: what is too much is overwritten by the next row.
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
        detail::shuffle<detail::EverySecond>(Batch::load(from + 2 * i), Batch::load(from + 2 * i + kLanes))
            .store(to + i);
    else
      for (std::int64_t i = 0; i < count; ++i) to[i] = from[i * step];
  }

  const Geometry& g_;
  const std::int64_t stride_;               // of columns
  const std::int64_t top_;                  // the row of the image, perhaps above it, that is row 0 of the planes
  std::int64_t rows_, width_, plane_size_;  // of a plane
};

/// The rows and columns of the image that a piece's maps see, as a matrix (depth, columns) of rows `length` apart.
inline void image_to_columns(const Geometry& g, const Piece& piece, const ConstView& image, std::int64_t group,
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

/// The opposite: adds up `columns`, of whole samples, to images that start from `bias`; of the channels from `first` up
/// to `last` of a group, which `columns` holds.
inline void columns_to_image(const Geometry& g, const Piece& piece, const Real* columns, std::int64_t length,
                             std::int64_t group, std::int64_t first, std::int64_t last, const Real* bias, Real* scratch,
                             const View& image) {
  const Planes planes(g, 0, g.maps.h, true);
  alignas(kAlignment) Real counts[kLanes];
  for (int i = 0; i < kLanes; ++i) counts[i] = static_cast<Real>(i);
  const std::int64_t width = g.maps.w, rows = g.maps.h, step = planes.row(), whole = width / kLanes * kLanes;
  const Mask rest = Batch::load(counts) < Batch(width - whole);
  for (std::int64_t sample = 0; sample < piece.samples; ++sample) {
    const Real* row = columns + sample * piece.pixels;
    for (std::int64_t c = first; c < last; ++c) {
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

}  // namespace GRADUS::kernel

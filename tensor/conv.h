// Two-dimensional convolution and what belongs to it: three tensors of which each follows from the other two.
//
//   image (N, C, H, W)    weight (O, C/groups, kh, kw)    maps (N, O, h, w)
//   maps[n, o, y, x] = Σ image[n, c, y·stride + i·dilation - padding, x·… + j·… - …] · weight[o, c, i, j]
//
// over c, i, j, where an image is zero outside its borders; output channel o sees the input channels of its group.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS {

/// A number for the rows and one for the columns of images. `3` stands for {3, 3}.
struct Pair {
  std::int64_t h, w;
  template <std::integral I>
  constexpr Pair(I both) : h(both), w(both) {}
  constexpr Pair(std::int64_t h, std::int64_t w) : h(h), w(w) {}

  void members(auto&& visit) {  // so that modules can list it
    visit("h", h);
    visit("w", w);
  }
};

struct ConvSettings {
  Pair stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
  Pair output_padding = 0;  // of transposed convolution alone: rows and columns added below and to the right

  void members(auto&& visit) {
    visit("stride", stride);
    visit("padding", padding);
    visit("dilation", dilation);
    visit("groups", groups);
    visit("output_padding", output_padding);
  }
};

namespace kernel {

// The caller has checked that the shapes fit. What is read has any strides and, as all of Storage, is readable
// kAlignment bytes past its end; what is written is row-major. The same bits for any number of threads.

/// maps from image and weight; `bias`: O contiguous numbers, or null.
void conv2d(const ConstView& image, const ConstView& weight, const Real* bias, const View& maps, const ConvSettings& s);
/// The transpose of conv2d: image from maps and weight; `bias`: C contiguous numbers, or null.
void conv_transpose2d(const ConstView& maps, const ConstView& weight, const Real* bias, const View& image,
                      const ConvSettings& s);
/// conv2d's gradient by the weight, for the gradient `maps` of its result.
void conv2d_weight(const ConstView& image, const ConstView& maps, const View& weight, const ConvSettings& s);

}  // namespace kernel
}  // namespace GRADUS

// Pooling: what is made of each window of an image.
#pragma once

#include "tensor/conv.h"

namespace GRADUS::kernel {

/// Window (i, j) of an image (H, W) sees the places (i·stride + r·dilation - padding, …), r < window, that are inside.
/// The last may reach beyond the padding, but every one sees something.
struct Windows {
  Pair window, stride, padding, dilation;
  Pair count;  // how many there are: the extents of what pooling gives
};

// Images are (planes, H, W). What is written is row-major (planes, count), or of the image's shape.

/// The position y·W + x of the largest number of each window: the first of equals, the first NaN if there is one. `in`
/// has any strides.
void window_argmax(const ConstView& in, const Windows& windows, std::int64_t* out);
/// The sum of each window, divided by how many of its places lie in the image or in its padding; without dilation. `in`
/// is row-major. Adds up in double, as windows may be large.
void window_mean(const ConstView& in, const Windows& windows, const View& out);
/// The transpose of window_mean: each number of `in`, row-major (planes, count), divided in the same way and added to
/// the places that its window sees; `out` is (planes, H, W).
void spread_mean(const ConstView& in, const Windows& windows, const View& out);

}  // namespace GRADUS::kernel

// Pooling: where the largest number of each window of an image is.
#pragma once

#include "tensor/conv.h"

namespace GRADUS::kernel {

/// For each window of an image, the position y·W + x of its largest number: the first of equals, the first NaN if there
/// is one. image (planes, H, W), any strides; out row-major (planes, maps.h, maps.w). The padding, less than a window,
/// never wins.
void window_argmax(const ConstView& image, const Pair& window, const Pair& stride, const Pair& padding,
                   const Pair& maps, std::int64_t* out);

}  // namespace GRADUS::kernel

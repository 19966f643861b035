// Copies between any strides.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// out = in, of one shape, any strides of both, which do not overlap.
void copy(const ConstView& in, const View& out);

}  // namespace GRADUS::kernel

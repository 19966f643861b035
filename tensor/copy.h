// Copies between any strides.
#pragma once

#include "tensor/tensor.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

/// out = in, any strides of both.
void copy(const ConstView& in, const View& out);

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

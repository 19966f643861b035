// Matrix products of stacks of matrices.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// C = A·B for each matrix of a stack: (…, n, k) @ (…, k, m) -> (…, n, m). The leading axes of A and B broadcast to
/// those of C (the caller has checked); any strides of A and B, C is row-major. With two axes each, this is gemm.
void gemm_stack(const ConstView& a, const ConstView& b, const View& c);

}  // namespace GRADUS::kernel

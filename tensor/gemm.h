// General matrix multiplication: packed, register-blocked, threaded over rows and columns.
#pragma once

#include "tensor/tensor.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

/// C = A·B + start:  (n, k) @ (k, m) -> (n, m), any strides for A and B (a transpose is a view), C row-major rows
/// (its last stride is 1). `bias`, if given, holds m numbers (stride 1) that every row of C starts from; else 0. K = 0 gives
/// the start values. The same bits for any number of threads: M and N are split, never K. C overlaps nothing.
void gemm(const ConstView& a, const ConstView& b, const View& c, const Real* bias = nullptr);

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

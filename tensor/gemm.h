// General matrix multiplication: packed, register-blocked, threaded over rows and columns.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// C = A·B + start: (n, k) @ (k, m) -> (n, m). A and B have any strides (a transpose is a view), C's rows are
/// contiguous (its last stride is 1), and C overlaps nothing. Every row of C starts from `bias`, m contiguous numbers,
/// if given, else from 0; with k = 0 it stays there. The same bits for any number of threads. A and B are read in whole
/// registers, up to kAlignment bytes past their ends, as every Storage allows.
void gemm(const ConstView& a, const ConstView& b, const View& c, const Real* bias = nullptr);

}  // namespace GRADUS::kernel

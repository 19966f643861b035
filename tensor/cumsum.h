// Running sums along an axis.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// out[…, i, …] = Σ in[…, j, …] over j ≤ i along `axis`, or over j ≥ i when `reverse`; added up in double. `in` has
/// any strides, `out` its shape, row-major.
void cumsum(const ConstView& in, int axis, bool reverse, const View& out);

}  // namespace GRADUS::kernel

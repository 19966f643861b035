// Rows of a table by number. (What is added to them: scatter.h.)
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// out[i] = table[rows[i]]: (V, D), n numbers -> (n, D). The table has any strides, `out` is row-major; every number is
/// that of a row (the caller has checked).
void take_rows(const ConstView& table, std::span<const std::int64_t> rows, const View& out);

}  // namespace GRADUS::kernel

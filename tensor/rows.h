// Rows of a table by number: looked up, and added to.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

// Matrices of any strides, but `out` is row-major; every number in `rows` is that of a row (the caller has checked).

/// out[i] = table[rows[i]]: (V, D), n numbers -> (n, D)
void take_rows(const ConstView& table, std::span<const std::int64_t> rows, const View& out);
/// out[rows[i]] += x[i], in the order of i: (n, D), n numbers -> (V, D)
void add_rows(const ConstView& x, std::span<const std::int64_t> rows, const View& out);

}  // namespace GRADUS::kernel

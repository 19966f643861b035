// Sums of what falls together: places by number along an axis, and rows of a table.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

// Everything is row-major, and every number is that of a place (the caller has checked). How often a place comes is
// for the data to say, and one by one in float a sum stops growing: so sums of more than a few are double.

/// out[…, at[…, i, …], …] = Σ x[…, i, …] along `axis`, 0 where nothing falls; `at` has x's shape.
void scatter_add(const ConstView& x, int axis, std::span<const std::int64_t> at, const View& out);
/// out[rows[i], :] = Σ x[i, :]: (n, D), n numbers -> (V, D); rows that do not come are not written.
void add_rows(const ConstView& x, std::span<const std::int64_t> rows, const View& out);

}  // namespace GRADUS::kernel

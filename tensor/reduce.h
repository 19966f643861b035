// Reductions over any axes in a fixed tree, so the result has the same bits for any number of threads.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

// `in` has any strides. `out` is row-major, of the same rank, and each of its extents is that of `in` (kept) or
// 1 (reduced). NaN is never swallowed. The reduction over no elements is the one named.

/// Sums; 0 over no elements.
void sum(const ConstView& in, const View& out);
/// The largest, NaN if there is one; -inf over no elements.
void max(const ConstView& in, const View& out);
/// log Σ exp, without overflow; -inf over no elements.
void logsumexp(const ConstView& in, const View& out);
/// Positions along `axis` of the largest values, row-major over the other axes; the first of equals; the first
/// NaN if there is one. The caller sees to it that the axis is not empty.
void argmax(const ConstView& in, int axis, std::int64_t* out);

}  // namespace GRADUS::kernel

// A view as a walk over memory: its elements in row-major order, along as few axes as possible.
#pragma once

#include "tensor/tensor.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

/// The axes of a view, outermost first, merged where memory walks on from one to the next; at least one.
struct Walk {
  const Real* data;
  int rank = 0;
  std::int64_t extents[kMaxRank];
  std::int64_t strides[kMaxRank];

  explicit Walk(const ConstView& view);

  /// Of the innermost axis.
  std::int64_t extent() const { return extents[rank - 1]; }
  std::int64_t stride() const { return strides[rank - 1]; }

  /// Where an element is, counted in row-major order.
  const Real* at(std::int64_t element) const {
    const Real* result = data;
    for (int axis = rank - 1; axis > 0; element /= extents[axis--]) result += element % extents[axis] * strides[axis];
    return result + element * strides[0];
  }
  /// Copies the elements begin … begin+count-1 to `out`.
  void pack(std::int64_t begin, std::int64_t count, Real* out) const;
};

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

// A view as a walk over memory: its elements in row-major order, along as few axes as possible.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// The axes of a view that is not empty, outermost first, merged where memory walks on from one to the next; at least
/// one.
struct Walk {
  const Real* data;
  int rank = 0;
  std::int64_t extents[kMaxRank];
  std::int64_t strides[kMaxRank];

  explicit Walk(const ConstView& view) : data(view.data) {
    for (int axis = 0; axis < view.shape.rank(); ++axis) {
      if (view.shape[axis] == 1) continue;
      if (rank > 0 && strides[rank - 1] == view.strides[axis] * view.shape[axis]) {
        extents[rank - 1] *= view.shape[axis];
        strides[rank - 1] = view.strides[axis];
      } else {
        extents[rank] = view.shape[axis];
        strides[rank++] = view.strides[axis];
      }
    }
    if (rank > 0) return;
    extents[0] = 1;
    strides[0] = 0;
    rank = 1;
  }

  /// Of the innermost axis: that of a line.
  std::int64_t extent() const { return extents[rank - 1]; }
  std::int64_t stride() const { return strides[rank - 1]; }
};

/// A place on a walk, which it must not outlive.
class Cursor {
 public:
  /// `element` counts in row-major order.
  Cursor(const Walk& walk, std::int64_t element) : walk_(walk), at_(walk.data) {
    for (int axis = walk.rank - 1; axis > 0; element /= walk.extents[axis--]) go(axis, element % walk.extents[axis]);
    go(0, element);
  }

  const Real* at() const { return at_; }
  /// Goes on by `count` elements, at most to the end of the line.
  void advance(std::int64_t count) {
    const int inner = walk_.rank - 1;
    index_[inner] += count;
    at_ += count * walk_.strides[inner];
    carry(inner);
  }
  /// Copies `count` elements to `out` and goes on behind them.
  void pack(std::int64_t count, Real* out);

 private:
  void go(int axis, std::int64_t index) {
    index_[axis] = index;
    at_ += index * walk_.strides[axis];
  }
  void carry(int axis) {
    for (; axis > 0 && index_[axis] == walk_.extents[axis]; --axis) {
      index_[axis] = 0;
      at_ += walk_.strides[axis - 1] - walk_.extents[axis] * walk_.strides[axis];
      ++index_[axis - 1];
    }
  }

  const Walk& walk_;
  const Real* at_;
  std::int64_t index_[kMaxRank];
};

}  // namespace GRADUS::kernel

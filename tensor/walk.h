// A walk over memory: the elements of a view in row-major order, along as few axes as possible.
#pragma once

#include <array>

#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// Axes, outermost first, merged where memory walks on from one to the next. There is at least one: an empty walk is a
/// single element.
struct Walk {
  struct Axis {
    std::int64_t extent, stride;
  };
  std::array<Axis, kMaxRank + 1> axes;
  int rank = 1;

  Walk() { axes[0] = {1, 0}; }
  explicit Walk(const ConstView& view) : Walk() {
    for (int axis = 0; axis < view.shape.rank(); ++axis) append({view.shape[axis], view.strides[axis]});
  }

  /// Adds an axis inside the others.
  void append(const Axis& axis) {
    if (axis.extent == 1) return;
    if (inner().extent == 1 || inner().stride == axis.extent * axis.stride)
      inner() = {inner().extent * axis.extent, axis.stride};
    else
      axes[rank++] = axis;
  }
  /// Takes the innermost axis out.
  Axis pop() {
    const Axis last = inner();
    if (rank > 1)
      --rank;
    else
      inner() = {1, 0};
    return last;
  }

  /// The innermost axis: that of a line.
  Axis& inner() { return axes[rank - 1]; }
  const Axis& inner() const { return axes[rank - 1]; }
  std::int64_t count() const {
    std::int64_t product = 1;
    for (int axis = 0; axis < rank; ++axis) product *= axes[axis].extent;
    return product;
  }

  /// Calls visit(axis, index on it) for every axis of the element at `position` in row-major order.
  template <class Visit>
  void locate(std::int64_t position, const Visit& visit) const {
    for (int axis = rank - 1; axis > 0; position /= axes[axis--].extent) visit(axis, position % axes[axis].extent);
    visit(0, position);
  }
  /// Where in memory the element at `position` lies, from the first one.
  std::int64_t offset(std::int64_t position) const {
    std::int64_t sum = 0;
    locate(position, [&](int axis, std::int64_t index) { sum += index * axes[axis].stride; });
    return sum;
  }
};

/// A place on a walk, which it must not outlive.
class Cursor {
 public:
  /// `data` is the first element, `position` counts from there in row-major order.
  Cursor(const Walk& walk, const Real* data, std::int64_t position) : walk_(walk), at_(data) {
    walk.locate(position, [this](int axis, std::int64_t index) {
      index_[axis] = index;
      at_ += index * walk_.axes[axis].stride;
    });
  }

  const Real* at() const { return at_; }
  /// Goes on by `count` elements, at most to the end of the line.
  void advance(std::int64_t count) {
    const int inner = walk_.rank - 1;
    index_[inner] += count;
    at_ += count * walk_.inner().stride;
    carry(inner);
  }
  /// Copies `count` elements to `out` and goes on behind them.
  void pack(std::int64_t count, Real* out);

 private:
  void carry(int axis) {
    for (; axis > 0 && index_[axis] == walk_.axes[axis].extent; --axis) {
      index_[axis] = 0;
      at_ += walk_.axes[axis - 1].stride - walk_.axes[axis].extent * walk_.axes[axis].stride;
      ++index_[axis - 1];
    }
  }

  const Walk& walk_;
  const Real* at_;
  std::int64_t index_[kMaxRank + 1];
};

}  // namespace GRADUS::kernel

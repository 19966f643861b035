#include "tensor/shape.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace GRADUS {

Shape::Shape(std::span<const std::int64_t> extents) {
  check(extents.size() <= kMaxRank, "[shape] a tensor has at most {} axes, not {}", kMaxRank, extents.size());
  bool empty = false;
  for (const std::int64_t extent : extents) {
    check(extent >= 0, "[shape] an extent cannot be negative: {}", extent);
    empty |= extent == 0;
    extents_[rank_++] = extent;
  }
  // The product of the other extents must fit even when one is 0: strides are such products.
  for (const std::int64_t extent : extents) numel_ = checked_mul(numel_, std::max<std::int64_t>(extent, 1));
  if (empty) numel_ = 0;
}

int Shape::from_back(int axis) const { return axis_of("shape", axis, *this); }

Shape Shape::with(int axis, std::int64_t extent) const {
  std::array<std::int64_t, kMaxRank> extents = extents_;
  extents[axis] = extent;
  return Shape(std::span(extents.data(), rank_));
}

Shape Shape::inserted(int axis, std::int64_t extent) const {
  std::array<std::int64_t, kMaxRank + 1> extents;
  const auto after = std::copy(begin(), begin() + axis, extents.begin());
  *after = extent;
  std::copy(begin() + axis, end(), after + 1);
  return Shape(std::span(extents.data(), rank_ + 1));
}

Shape Shape::without(int axis) const {
  std::array<std::int64_t, kMaxRank> extents;
  std::copy(begin() + axis + 1, end(), std::copy(begin(), begin() + axis, extents.begin()));
  return Shape(std::span(extents.data(), rank_ - 1));
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides{};
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = step;
    step *= std::max<std::int64_t>(shape[axis], 1);
  }
  return strides;
}

bool is_contiguous(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (shape[axis] != 1 && strides[axis] != step) return shape.numel() == 0;
    step *= shape[axis];
  }
  return true;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  std::array<std::int64_t, kMaxRank> extents{};
  for (int i = 1; i <= rank; ++i) {  // i-th axis from the right
    const std::int64_t x = i <= a.rank() ? a[a.rank() - i] : 1;
    const std::int64_t y = i <= b.rank() ? b[b.rank() - i] : 1;
    if (x != y && x != 1 && y != 1) return {};
    extents[rank - i] = x == 1 ? y : x;
  }
  return Shape(std::span(extents.data(), rank));
}

Shape broadcast(const char* op, const Shape& a, const Shape& b) {
  const std::optional<Shape> common = broadcast(a, b);
  check(common.has_value(),
        "[{}] shapes do not broadcast: {} and {}\nhelp: aligned at the right, extents must agree or be 1", op, a, b);
  return *common;
}

int axis_of(const char* op, int axis, const Shape& shape) {
  const int counted = axis < 0 ? axis + shape.rank() : axis;
  check(counted >= 0 && counted < shape.rank(), "[{}] axis {} is out of range for shape {}", op, axis, shape);
  return counted;
}

Axes::Axes(std::span<const int> axes) : size_(static_cast<int>(axes.size())) {
  check(axes.size() <= kMaxRank, "[axes] a tensor has at most {} axes, not {}", kMaxRank, axes.size());
  std::copy(axes.begin(), axes.end(), axes_.begin());
}

std::array<bool, kMaxRank> Axes::in(const char* op, const Shape& shape) const {
  std::array<bool, kMaxRank> flags{};
  for (int i = 0; i < size_; ++i) {
    bool& flag = flags[axis_of(op, axes_[i], shape)];
    check(!flag, "[{}] axis {} is named twice", op, axes_[i]);
    flag = true;
  }
  return flags;
}

Axes all_axes(const Shape& shape) {
  std::array<int, kMaxRank> axes;
  for (int i = 0; i < shape.rank(); ++i) axes[i] = i;
  return Axes(std::span<const int>(axes.data(), shape.rank()));
}

std::string to_string(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

}  // namespace GRADUS

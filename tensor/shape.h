// Shapes, strides and axes: how a tensor's elements are counted and laid out.
#pragma once

#include <array>
#include <concepts>
#include <initializer_list>
#include <optional>
#include <span>

#include "tensor/check.h"

namespace GRADUS {

inline constexpr int kMaxRank = 6;

/// The extents of a tensor, outermost first. Rank 0 is a single number; an extent may be 0.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  /// Error when there are more than kMaxRank extents, one is negative, or their product overflows.
  explicit Shape(std::span<const std::int64_t> extents);
  /// (0), which every tensor that is moved from has.
  static const Shape kNothing;

  int rank() const { return rank_; }
  std::int64_t numel() const { return numel_; }
  /// The extent of an axis; negative axes count from the back. Error when it is out of range.
  std::int64_t operator[](int axis) const {
    if (axis < 0 || axis >= rank_) [[unlikely]]
      axis = from_back(axis);
    return extents_[axis];
  }
  const std::int64_t* begin() const { return extents_.data(); }
  const std::int64_t* end() const { return extents_.data() + rank_; }
  /// A copy with one extent replaced, appended or taken out.
  Shape with(int axis, std::int64_t extent) const;
  Shape inserted(int axis, std::int64_t extent) const;
  Shape without(int axis) const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  [[gnu::cold]] int from_back(int axis) const;

  std::array<std::int64_t, kMaxRank> extents_{};  // 0 beyond the rank
  std::int64_t numel_ = 1;
  int rank_ = 0;
};

// A constant to be copied: of a shape made on the spot, the copy would wait for its parts to be written.
inline constexpr Shape Shape::kNothing = [] {
  Shape nothing;
  nothing.numel_ = 0;
  nothing.rank_ = 1;
  return nothing;
}();

/// The distance in elements between neighbours along each axis. 0 repeats one element (a broadcast).
using Strides = std::array<std::int64_t, kMaxRank>;

/// Row-major strides.
Strides contiguous_strides(const Shape& shape);
/// True when walking the elements in row-major order walks the memory one by one.
bool is_contiguous(const Shape& shape, const Strides& strides);

/// The numpy rule: aligned at the right, extents agree or one of them is 1. Where they do not, the first gives nothing
/// and the second throws an Error that names `op` and both shapes.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);
Shape broadcast(const char* op, const Shape& a, const Shape& b);

/// `axis` counted from the front; negative values count from the back. Error names `op`.
int axis_of(const char* op, int axis, const Shape& shape);

/// A list of at most kMaxRank axes, written `-1` or `{0, 2}`. Negative values count from the back.
class Axes {
 public:
  template <std::same_as<int> I>  // an int exactly: no number may pass for an axis by accident
  Axes(I axis) : Axes({axis}) {}
  Axes(std::initializer_list<int> axes) : Axes(std::span(axes.begin(), axes.size())) {}
  explicit Axes(std::span<const int> axes);

  int size() const { return size_; }
  int operator[](int i) const { return axes_[i]; }
  /// One flag per axis of `shape`; Error when an axis is out of range or named twice.
  std::array<bool, kMaxRank> in(const char* op, const Shape& shape) const;

 private:
  std::array<int, kMaxRank> axes_{};
  int size_ = 0;
};
/// Every axis of a tensor of that rank.
Axes all_axes(const Shape& shape);

/// "(128, 784)"
std::string to_string(const Shape& shape);

}  // namespace GRADUS

template <>
struct fmt::formatter<gradus::Shape> : fmt::formatter<std::string> {
  template <class FormatContext>
  auto format(const gradus::Shape& shape, FormatContext& context) const {
    return fmt::formatter<std::string>::format(gradus::to_string(shape), context);
  }
};

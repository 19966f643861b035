// Tensor: an n-dimensional array of Real with value semantics.
//
// Copying shares the numbers. Writing first makes sure that nobody else sees them and takes a new id, so what a
// tape, a snapshot or a copied module holds never changes. The id is never used again: it is how tapes know a
// tensor, and a tensor knows nothing of tapes. No member returns a Tensor: what makes a Tensor out of Tensors is
// a differentiable op (autograd/ops.h), or is called detach.
#pragma once

#include <string>
#include <vector>

#include "tensor/shape.h"
#include "tensor/storage.h"

namespace GRADUS {

/// What a kernel works on: memory with a shape and strides, owned by someone else. `view(i, j)` is the number at that
/// place (not checked); data[k] is the k-th in memory, which in a transposed, sliced or broadcast tensor is another.
template <class T>
struct BasicView {
  T* data = nullptr;
  Shape shape;
  Strides strides{};

  template <class... I>
  T& operator()(I... index) const {
    std::int64_t offset = 0;
    int axis = 0;
    ((offset += index * strides[axis++]), ...);
    return data[offset];
  }
  bool contiguous() const { return is_contiguous(shape, strides); }
  operator BasicView<const T>() const { return {data, shape, strides}; }
};
using View = BasicView<Real>;
using ConstView = BasicView<const Real>;

struct Indices;

class Tensor {
 public:
  /// An empty tensor, shape (0).
  Tensor() : shape_(Shape::kNothing), id_(next_id()) {}
  /// Uninitialised numbers, row-major.
  explicit Tensor(const Shape& shape);
  Tensor(const Tensor&) = default;
  Tensor& operator=(const Tensor&) = default;
  /// Leaves an empty tensor behind.
  Tensor(Tensor&& other) noexcept
      : storage_(std::move(other.storage_)),
        offset_(std::exchange(other.offset_, 0)),
        shape_(std::exchange(other.shape_, Shape::kNothing)),
        strides_(other.strides_),
        id_(std::exchange(other.id_, next_id())) {}
  Tensor& operator=(Tensor&& other) noexcept {
    storage_ = std::move(other.storage_);
    offset_ = std::exchange(other.offset_, 0);
    shape_ = std::exchange(other.shape_, Shape::kNothing);
    strides_ = other.strides_;
    id_ = std::exchange(other.id_, next_id());
    return *this;
  }

  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  int rank() const { return shape_.rank(); }
  std::int64_t numel() const { return shape_.numel(); }
  /// The extent of an axis; negative axes count from the back.
  std::int64_t extent(int axis) const { return shape_[axis_of("extent", axis, shape_)]; }
  std::uint64_t id() const { return id_; }
  bool contiguous() const { return is_contiguous(shape_, strides_); }

  /// The numbers, to be read, where they lie: data[k] is the k-th in memory, and only in a contiguous tensor the k-th
  /// in row-major order. One number is x.at({i, j}), all in order are values(). Valid until the tensor is written or
  /// destroyed.
  ConstView view() const { return {storage_.data() + offset_, shape_, strides_}; }
  /// The numbers, to be written, row-major: unshared first (copied if anyone else looks), under a new id. The view may
  /// be written until the tensor is next copied, given to an op or a tape, or destroyed.
  View write();

  /// The only number of a one-element tensor; Error otherwise.
  Real item() const;
  /// The number at `index`; Error when out of range.
  Real at(std::initializer_list<std::int64_t> index) const;
  /// All numbers in row-major order.
  std::vector<Real> values() const;

  template <class T>
    requires std::same_as<T, bool>
  explicit operator T() const {
    static_assert(sizeof(T) == 0,
                  "a Tensor is many numbers and not a bool: where(condition, a, b), or item() of one number");
    return false;
  }
  template <class T>
    requires std::same_as<T, Indices>
  operator T() const {
    static_assert(sizeof(T) == 0, "a Tensor is not Indices, which are integers: Indices{0, 2, 1}, or argmax(x, axis)");
    return {};
  }

 private:
  friend Tensor detach(const Tensor&);
  friend Tensor detach(const Tensor&, const Shape&, const Strides&, std::int64_t);
  static std::uint64_t next_id();

  Storage storage_;
  std::int64_t offset_ = 0;
  Shape shape_;
  Strides strides_{};
  std::uint64_t id_;
};

/// The same numbers under a new id: no tape knows the result.
Tensor detach(const Tensor& x);
/// The same numbers, row-major: shared if they are so already.
Tensor detach_contiguous(Tensor x);
/// The numbers of `x` seen through another shape and strides, starting `offset` elements after its first, under
/// a new id. The building block of transpose, slice and broadcast; the caller answers for the bounds.
Tensor detach(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset = 0);

Tensor full(const Shape& shape, Real value);
Tensor zeros(const Shape& shape);
Tensor ones(const Shape& shape);
/// A rank-0 tensor.
Tensor scalar(Real value);
/// Row-major `values` in `shape`; Error when their number is not the shape's.
Tensor tensor(const Shape& shape, std::span<const Real> values);
Tensor tensor(const Shape& shape, std::initializer_list<Real> values);
/// 0, 1, …, n-1 as shape (n).
Tensor arange(std::int64_t n);

/// The numbers in nested brackets, large tensors abbreviated, followed by the shape.
std::string to_string(const Tensor& x);

/// Integer positions along an axis (rows of a table, labels). Not a Tensor, for it has no derivative.
struct Indices {
  using Values = std::vector<std::int64_t, PoolAllocator<std::int64_t>>;
  Shape shape;
  Values values;  // row-major

  Indices() : shape{0} {}
  /// Rank 1.
  Indices(std::initializer_list<std::int64_t> list) : Indices(std::span(list.begin(), list.size())) {}
  explicit Indices(std::span<const std::int64_t> list)
      : shape{static_cast<std::int64_t>(list.size())}, values(list.begin(), list.end()) {}
  /// Error when the number of values is not the shape's.
  Indices(const Shape& shape, std::span<const std::int64_t> values);
  Indices(const Shape& shape, std::initializer_list<std::int64_t> values)
      : Indices(shape, std::span(values.begin(), values.size())) {}
  /// Of values that are still to be written.
  explicit Indices(const Shape& shape) : shape(shape), values(shape.numel()) {}

  /// Error unless there are as many values as the shape says, for `op`, which reads them.
  void check_filled(const char* op) const;

  template <class T>
    requires std::same_as<T, Tensor>
  operator T() const {
    static_assert(sizeof(T) == 0,
                  "Indices are not a Tensor: they have no derivative; gather(x, axis, indices) takes them");
    return {};
  }
};

}  // namespace GRADUS

template <>
struct fmt::formatter<gradus::Tensor> : fmt::formatter<std::string> {
  template <class FormatContext>
  auto format(const gradus::Tensor& x, FormatContext& context) const {
    return fmt::formatter<std::string>::format(gradus::to_string(x), context);
  }
};

#include "tensor/tensor.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "tensor/copy.h"

namespace GRADUS {

// Ids come from one counter for all threads; a thread takes a block of them at a time.
std::uint64_t Tensor::next_id() {
  constexpr std::uint64_t kBlock = 1 << 16;
  static std::atomic<std::uint64_t> next_block{1};
  thread_local std::uint64_t next = 0;
  thread_local std::uint64_t end = 0;
  if (next == end) {
    next = next_block.fetch_add(kBlock, std::memory_order_relaxed);
    end = next + kBlock;
  }
  return next++;
}

Tensor::Tensor(const Shape& shape)
    : storage_(shape.numel()), shape_(shape), strides_(contiguous_strides(shape)), id_(next_id()) {}

View Tensor::write() {
  if (!storage_.unique() || !contiguous()) {
    Tensor copy(shape_);
    kernel::copy(view(), {copy.storage_.data(), copy.shape_, copy.strides_});
    *this = std::move(copy);
  } else {
    strides_ = contiguous_strides(shape_);  // axes of extent 1 may have had any
    id_ = next_id();
  }
  return {storage_.data() + offset_, shape_, strides_};
}

Real Tensor::item() const {
  check(numel() == 1, "[item] a tensor of shape {} is not one number", shape_);
  return view().data[0];
}

Real Tensor::at(std::initializer_list<std::int64_t> index) const {
  check(static_cast<int>(index.size()) == rank(), "[at] {} positions for shape {}", index.size(), shape_);
  std::int64_t offset = 0;
  int axis = 0;
  for (const std::int64_t i : index) {
    check(i >= 0 && i < shape_[axis], "[at] position {} on axis {} is out of range for shape {}", i, axis, shape_);
    offset += i * strides_[axis++];
  }
  return view().data[offset];
}

std::vector<Real> Tensor::values() const {
  std::vector<Real> values(numel());
  kernel::copy(view(), {values.data(), shape_, contiguous_strides(shape_)});
  return values;
}

Tensor detach(const Tensor& x) {
  Tensor result = x;
  result.id_ = Tensor::next_id();
  return result;
}

Tensor detach_contiguous(Tensor x) {
  if (!x.contiguous()) x.write();
  return detach(x);
}

Tensor detach(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset) {
  Tensor result;
  result.storage_ = x.storage_;
  result.offset_ = x.numel() == 0 ? 0 : x.offset_ + offset;  // without numbers there is no memory to point into
  result.shape_ = shape;
  result.strides_ = strides;
  return result;
}

Tensor full(const Shape& shape, Real value) {
  Tensor result(shape);
  std::fill_n(result.write().data, shape.numel(), value);
  return result;
}

Tensor zeros(const Shape& shape) { return full(shape, 0); }

Tensor ones(const Shape& shape) { return full(shape, 1); }

Tensor scalar(Real value) { return full({}, value); }

Tensor tensor(const Shape& shape, std::span<const Real> values) {
  check(static_cast<std::int64_t>(values.size()) == shape.numel(), "[tensor] {} values do not fill shape {}",
        values.size(), shape);
  Tensor result(shape);
  std::copy(values.begin(), values.end(), result.write().data);
  return result;
}

Tensor tensor(const Shape& shape, std::initializer_list<Real> values) {
  return tensor(shape, std::span(values.begin(), values.size()));
}

Tensor arange(std::int64_t n) {
  Tensor result({n});
  Real* out = result.write().data;
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<Real>(i);
  return result;
}

Indices::Indices(const Shape& shape, std::span<const std::int64_t> values)
    : shape(shape), values(values.begin(), values.end()) {
  check_filled("indices");
}

void Indices::check_filled(const char* op) const {
  check(static_cast<std::int64_t>(values.size()) == shape.numel(), "[{}] {} values do not fill indices of shape {}", op,
        values.size(), shape);
}

// Long axes show their first and last three entries.
static void print_axis(std::string& out, const ConstView& x, int axis, std::int64_t offset) {
  if (axis == x.shape.rank()) {
    fmt::format_to(std::back_inserter(out), "{:.6g}", x.data[offset]);
    return;
  }
  const std::int64_t n = x.shape[axis];
  const bool abbreviate = (x.shape.numel() > 1000 || x.shape.numel() == 0) && n > 6;
  const bool inner = axis + 1 == x.shape.rank();
  out += '[';
  for (std::int64_t i = 0; i < n; ++i) {
    if (i > 0) out += inner ? ", " : ",\n" + std::string(axis + 1, ' ');
    if (abbreviate && i == 3) {
      out += inner ? "…, " : "…,\n" + std::string(axis + 1, ' ');
      i = n - 3;
    }
    print_axis(out, x, axis + 1, offset + i * x.strides[axis]);
  }
  out += ']';
}

std::string to_string(const Tensor& x) {
  std::string out;
  print_axis(out, x.view(), 0, 0);
  return out + "  " + to_string(x.shape());
}

}  // namespace GRADUS

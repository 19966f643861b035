// Stacks of matrices: one large product if all share B, else one product after another.
#include "tensor/gemm_stack.h"

#include "tensor/gemm.h"
#include "tensor/walk.h"

namespace GRADUS::kernel {

/// The matrix at `offset` of a stack.
template <class T>
static BasicView<T> matrix(const BasicView<T>& stack, std::int64_t offset) {
  const int r = stack.shape.rank() - 2;
  T* const data = stack.data ? stack.data + offset : nullptr;  // without numbers there is no memory to point into
  return {data, {stack.shape[r], stack.shape[r + 1]}, {stack.strides[r], stack.strides[r + 1]}};
}

/// From matrix to matrix of a stack, as its leading axes broadcast to those of `to`.
static Walk leading(const ConstView& stack, const Shape& to) {
  Walk walk;
  const int added = to.rank() - stack.shape.rank();
  for (int axis = 0; axis < to.rank() - 2; ++axis) {
    const bool repeated = axis < added || stack.shape[axis - added] == 1;
    walk.append({to[axis], repeated ? 0 : stack.strides[axis - added]});
  }
  return walk;
}

void gemm_stack(const ConstView& a, const ConstView& b, const View& c) {
  if (c.shape.numel() == 0) return;
  const int leads = c.shape.rank() - 2;
  const std::int64_t n = c.shape[leads], m = c.shape[leads + 1], k = b.shape[b.shape.rank() - 2];
  const std::int64_t count = c.shape.numel() / (n * m);
  const Walk of_a = leading(a, c.shape), of_b = leading(b, c.shape);
  const bool one_b = of_b.rank == 1 && of_b.inner().stride == 0;
  if (one_b && a.contiguous() && a.shape.numel() == count * n * k)
    return gemm({a.data, {count * n, k}, {k, 1}}, matrix(b, 0), {c.data, {count * n, m}, {m, 1}});
  for (std::int64_t i = 0; i < count; ++i)
    gemm(matrix(a, of_a.offset(i)), matrix(b, of_b.offset(i)), matrix(c, i * n * m));
}

}  // namespace GRADUS::kernel

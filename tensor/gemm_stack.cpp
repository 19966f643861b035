#include "tensor/gemm_stack.h"

#include <algorithm>

#include "tensor/gemm.h"

namespace GRADUS::kernel {

/// The matrix at `offset` of a stack.
template <class T>
static BasicView<T> matrix(const BasicView<T>& stack, std::int64_t offset) {
  const int r = stack.shape.rank() - 2;
  return {stack.data + offset, {stack.shape[r], stack.shape[r + 1]}, {stack.strides[r], stack.strides[r + 1]}};
}

/// The strides of a stack's leading axes, as they broadcast to `rank` axes.
static Strides leading(const ConstView& stack, int rank) {
  Strides strides{};
  for (int axis = 0, added = rank - stack.shape.rank(); axis < stack.shape.rank() - 2; ++axis)
    if (stack.shape[axis] != 1) strides[added + axis] = stack.strides[axis];
  return strides;
}

void gemm_stack(const ConstView& a, const ConstView& b, const View& c) {
  if (c.shape.numel() == 0) return;
  const int leads = c.shape.rank() - 2;
  const std::int64_t n = c.shape[leads], m = c.shape[leads + 1], k = b.shape[b.shape.rank() - 2];
  const std::int64_t count = c.shape.numel() / (n * m);
  const Strides of_a = leading(a, c.shape.rank()), of_b = leading(b, c.shape.rank());
  if (a.contiguous() && a.shape.numel() == count * n * k && std::ranges::count(of_b, 0) == kMaxRank)
    return gemm({a.data, {count * n, k}, {k, 1}}, matrix(b, 0), {c.data, {count * n, m}, {m, 1}});  // one B for all
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i, a_offset = 0, b_offset = 0;
    for (int axis = leads - 1; axis >= 0; rest /= c.shape[axis--]) {
      a_offset += rest % c.shape[axis] * of_a[axis];
      b_offset += rest % c.shape[axis] * of_b[axis];
    }
    gemm(matrix(a, a_offset), matrix(b, b_offset), matrix(c, i * n * m));
  }
}

}  // namespace GRADUS::kernel

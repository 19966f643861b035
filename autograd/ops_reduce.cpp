// Reductions: many numbers to one; and running sums.
#include "autograd/op.h"
#include "autograd/ops.h"
#include "autograd/reduced.h"
#include "tensor/cumsum.h"
#include "tensor/map.h"
#include "tensor/reduce.h"
#include "tensor/simd_math.h"

namespace GRADUS {

using detail::Reduced;

namespace {

/// What a kernel of reduce.h makes of x.
Tensor reduced(const Reduced& r, void (*kernel)(const ConstView&, const View&), const Tensor& x, bool keep) {
  Tensor y(keep ? r.kept : r.dropped);
  kernel(x.view(), {y.write().data, r.kept, contiguous_strides(r.kept)});
  return y;
}

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keep) {
  const Reduced r("sum", x, axes);
  const Tensor y = reduced(r, kernel::sum, x, keep);
  return record("sum", y, arg(x, [kept = r.kept, from = x.shape()](const Tensor& g) {
                  return broadcast_to(reshape(g, kept), from);
                }));
}

Tensor mean(const Tensor& x, const Axes& axes, bool keep) {
  const Reduced r("mean", x, axes);
  check(r.count > 0, "[mean] shape {} has no elements to average", x.shape());
  return sum(x, axes, keep) / static_cast<Real>(r.count);
}

Tensor max(const Tensor& x, const Axes& axes, bool keep) {
  const Reduced r("max", x, axes);
  check(r.count > 0, "[max] shape {} has no elements to choose from", x.shape());
  const Tensor y = reduced(r, kernel::max, x, keep);
  if (!tracked(x)) return y;  // nobody asks where the largest are

  const Axes order = r.order(x.rank(), true);  // the kept axes, then the reduced
  std::array<int, kMaxRank> from;              // where each has come from
  for (int i = 0; i < x.rank(); ++i) from[order[i]] = i;
  const Axes back(std::span<const int>(from.data(), x.rank()));
  const Tensor kept_first = permute(detach(x), order);
  const Tensor rows = reshape(kept_first, {r.dropped.numel(), r.count});
  return record("max", y,
                arg(x, [places = share(argmax(rows, 1, keepdim)), count = r.count, shape = kept_first.shape(),
                        back](const Tensor& g) {
                  const Tensor spread = scatter_add(reshape(g, places->shape), 1, *places, count);
                  return permute(reshape(spread, shape), back);
                }));
}

Indices argmax(const Tensor& x, int axis, bool keep) {
  axis = axis_of("argmax", axis, x.shape());
  check(x.shape()[axis] > 0, "[argmax] axis {} of shape {} is empty", axis, x.shape());
  Indices result(keep ? x.shape().with(axis, 1) : x.shape().without(axis));
  kernel::argmax(x.view(), axis, result.values.data());
  return result;
}

namespace {

// e^(x - m) with m the largest of the numbers behind each result, or 0 where all are -inf, and the sums of these: what
// the numbers have in common would round off their differences, or overflow.
struct Exponentials {
  Tensor largest, each, sum;

  Exponentials(const Tensor& x, const Shape& kept) : largest(kept), each(x.shape()), sum(kept) {
    const View m = largest.write();
    kernel::max(x.view(), m);
    kernel::map([](Batch m) { return where(m == -std::numeric_limits<Real>::infinity(), 0, m); }, m, {m});
    kernel::map([](Batch x, Batch m) { return exp(x - m); }, each.write(), {x.view(), over(largest, x.shape())});
    kernel::sum(each.view(), sum.write());
  }
  static ConstView over(const Tensor& kept, const Shape& shape) { return kernel::broadcast_view(kept.view(), shape); }
};

Tensor softmax_over(const Tensor& x, const Axes& axes) {
  Exponentials e(x, Reduced("softmax", x, axes).kept);
  const View y = e.each.write();
  kernel::map([](Batch e, Batch sum) { return e / sum; }, y, {y, e.over(e.sum, x.shape())});
  return record("softmax", e.each, arg(x, [y = e.each, axes](const Tensor& g) {
                  const Tensor gy = g * y;
                  return gy - y * sum(gy, axes, keepdim);
                }));
}

Tensor log_softmax_over(const Tensor& x, const Axes& axes) {
  Exponentials e(x, Reduced("log_softmax", x, axes).kept);
  const View logs = e.sum.write(), out = e.each.write();
  kernel::map([](Batch sum) { return log(sum); }, logs, {logs});
  kernel::map([](Batch x, Batch m, Batch log_sum) { return (x - m) - log_sum; }, out,
              {x.view(), e.over(e.largest, x.shape()), e.over(e.sum, x.shape())});
  return record("log_softmax", e.each,
                arg(x, [y = e.each, axes](const Tensor& g) { return g - exp(y) * sum(g, axes, keepdim); }));
}

}  // namespace

Tensor logsumexp(const Tensor& x, const Axes& axes, bool keep) {
  const Reduced r("logsumexp", x, axes);
  const Tensor y = reduced(r, kernel::logsumexp, x, keep);
  return record("logsumexp", y,
                arg(x, [x, axes, kept = r.kept](const Tensor& g) { return reshape(g, kept) * softmax_over(x, axes); }));
}

Tensor cumsum(const Tensor& x, int axis, bool reverse) {
  axis = axis_of("cumsum", axis, x.shape());
  Tensor y(x.shape());
  kernel::cumsum(x.view(), axis, reverse, y.write());
  return record("cumsum", y, arg(x, [axis, reverse](const Tensor& g) { return cumsum(g, axis, !reverse); }));
}

Tensor softmax(const Tensor& x, int axis) { return softmax_over(x, axis_of("softmax", axis, x.shape())); }
Tensor log_softmax(const Tensor& x, int axis) { return log_softmax_over(x, axis_of("log_softmax", axis, x.shape())); }

Tensor sum(const Tensor& x) { return sum(x, all_axes(x.shape())); }
Tensor mean(const Tensor& x) { return mean(x, all_axes(x.shape())); }
Tensor max(const Tensor& x) { return max(x, all_axes(x.shape())); }
Tensor logsumexp(const Tensor& x) { return logsumexp(x, all_axes(x.shape())); }

}  // namespace GRADUS

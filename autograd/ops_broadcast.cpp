// Repeating, and its derivative: the backward of broadcasting is a sum.
//
// Where x stands in several places of the result, each place sends back a gradient, and x gets all of them added up. So
// the VJP of broadcast_to is sum_to, and that of a sum is to repeat: each is the transpose of the other. An op that
// broadcasts its arguments calls broadcast_to on them, and need not think of it again.
#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/map.h"
#include "tensor/reduce.h"

namespace GRADUS {

// Nothing is copied: along an axis that is repeated the stride is 0.
Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  check(broadcast("broadcast_to", x.shape(), shape) == shape, "[broadcast_to] {} does not broadcast to {}", x.shape(),
        shape);
  return record("broadcast_to", detach(x, shape, kernel::broadcast_view(x.view(), shape).strides),
                arg(x, [from = x.shape()](const Tensor& g) { return sum_to(g, from); }));
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  check(broadcast("sum_to", x.shape(), shape) == x.shape(), "[sum_to] {} does not broadcast to {}", shape, x.shape());
  Tensor y(shape);
  Shape kept = shape;  // of x's rank
  while (kept.rank() < x.rank()) kept = kept.inserted(0, 1);
  kernel::sum(x.view(), {y.write().data, kept, contiguous_strides(kept)});
  return record("sum_to", y, arg(x, [from = x.shape()](const Tensor& g) { return broadcast_to(g, from); }));
}

}  // namespace GRADUS

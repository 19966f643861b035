// expect first: a VJP outlives the op, so it captures by value
#include "autograd/op.h"
#include "autograd/ops.h"

using namespace gradus;

Tensor scaled(const Tensor& x, const Tensor& by) {
  return record("scaled", detach(x * by), arg(x, [&](const Tensor& g) { return g * by; }));
}

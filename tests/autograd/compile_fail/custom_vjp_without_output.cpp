// expect first: the VJP takes the gradient of the output, the inputs and the output: \(g, x…, y\)
#include "autograd/custom_vjp.h"
#include "autograd/ops.h"

using namespace gradus;

Tensor passed(const Tensor& x) {
  return custom_vjp("pass", [](const Tensor& x) { return exp(x); }, [](const Tensor& g) { return g; }, x);
}

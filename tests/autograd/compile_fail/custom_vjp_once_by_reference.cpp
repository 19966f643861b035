// expect first: custom_vjp: the VJP is kept for the way back, so it captures by value
#include "autograd/custom_vjp.h"
#include "autograd/ops.h"

using namespace gradus;

Tensor passed(const Tensor& x, Real scale) {
  return custom_vjp(
      "pass", [](const Tensor& x) { return exp(x); },
      once([&](const Tensor& g, const Tensor&, const Tensor&) { return g * scale; }), x);
}

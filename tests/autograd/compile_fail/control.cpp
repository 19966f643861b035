// What the other files here get wrong, done right: this one compiles.
#include <memory>

#include "autograd/custom_vjp.h"
#include "autograd/elementwise.h"
#include "autograd/ops.h"

using namespace gradus;

Tensor shifted_relu(const Tensor& x, const Tensor& y, Real by) {
  return elementwise<"shifted_relu">([by](auto x, auto y) { return where((x > 0) & (x < y), x + by, 0); }, x, y);
}

Tensor by_hand(const Tensor& g, const Tensor&, const Tensor& y) { return g * y; }

Tensor scaled(const Tensor& x, const Tensor& by, Real offset, const std::shared_ptr<int>& calls) {
  const auto forward = [&](const Tensor& x) { return x * by + offset; };  // runs here, so it may refer to what is here
  const auto vjp = [by, offset, calls](const Tensor& g, const Tensor&, const Tensor&) { return g * by * offset; };
  const Tensor y = custom_vjp("exp", [](const Tensor& x) { return exp(x); }, by_hand, x);
  const auto rough = [offset](const Tensor& g, const Tensor&, const Tensor&) { return g * offset; };
  return custom_vjp("rough", forward, once(rough), custom_vjp("scaled", forward, vjp, y));
}

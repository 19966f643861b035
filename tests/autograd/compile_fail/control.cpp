// What the other files here get wrong, done right: this one compiles.
#include "autograd/elementwise.h"

using namespace gradus;

Tensor shifted_relu(const Tensor& x, const Tensor& y, Real by) {
  return elementwise<"shifted_relu">([by](auto x, auto y) { return where((x > 0) & (x < y), x + by, 0); }, x, y);
}

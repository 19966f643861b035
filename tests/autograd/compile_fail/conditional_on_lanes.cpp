// expect: use where\(condition, a, b\)
#include "autograd/elementwise.h"

using namespace gradus;

Tensor relu_by_conditional(const Tensor& x) {
  return elementwise<"relu">([](auto x) { return x < 0 ? 0 * x : x; }, x);
}

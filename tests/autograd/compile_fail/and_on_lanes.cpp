// expect: use where\(condition, a, b\)
#include "autograd/elementwise.h"

using namespace gradus;

Tensor inside(const Tensor& x) {
  return elementwise<"inside">([](auto x) { return where(x > 0 && x < 1, 1, 0 * x); }, x);
}

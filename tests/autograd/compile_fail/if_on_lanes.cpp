// expect: use where\(condition, a, b\)
#include "autograd/elementwise.h"

using namespace gradus;

Tensor relu_by_if(const Tensor& x) {
  return elementwise<"relu">(
      [](auto x) {
        if (x < 0) return 0 * x;
        return x;
      },
      x);
}

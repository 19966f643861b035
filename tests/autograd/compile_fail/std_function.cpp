// expect first: in an elementwise lambda call exp\(x\), not std::exp\(x\)
#include "autograd/elementwise.h"

using namespace gradus;

Tensor grown(const Tensor& x, const Tensor& y) {
  return elementwise<"grown">([](auto x, auto y) { return x + std::exp(y); }, x, y);
}

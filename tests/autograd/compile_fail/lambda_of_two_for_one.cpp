// expect first: an elementwise lambda takes one `auto` argument for each tensor
#include "autograd/elementwise.h"

using namespace gradus;

Tensor product(const Tensor& x) {
  return elementwise<"product">([](auto x, auto y) { return x * y; }, x);
}

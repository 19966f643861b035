// expect first: an elementwise op takes 1 to 5 tensors
#include "autograd/elementwise.h"

using namespace gradus;

Tensor total(const Tensor& x) {
  return elementwise<"total">([](auto a, auto b, auto c, auto d, auto e, auto f) { return a + b + c + d + e + f; }, x,
                              x, x, x, x, x);
}

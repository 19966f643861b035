// expect first: an elementwise lambda returns one lane value; use where\(condition, a, b\)
#include "autograd/elementwise.h"

using namespace gradus;

Tensor is_negative(const Tensor& x) {
  return elementwise<"is_negative">([](auto x) { return x < 0; }, x);
}

// expect first: an elementwise op is applied to tensors; its lambda captures the numbers
#include "autograd/elementwise.h"

using namespace gradus;

Tensor scaled(const Tensor& x) {
  return elementwise<"scale">([](auto x, auto by) { return x * by; }, x, 2.0);
}

// expect first: an elementwise lambda captures plain numbers by value \(no Tensor, pointer or reference
#include "autograd/elementwise.h"

using namespace gradus;

Tensor shifted(const Tensor& x, const Real* by) {
  return elementwise<"shifted">([by](auto x) { return x + *by; }, x);
}

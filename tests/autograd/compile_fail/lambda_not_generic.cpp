// expect first: an elementwise lambda takes one `auto` argument for each tensor
#include "autograd/elementwise.h"

using namespace gradus;

Tensor squared(const Tensor& x) {
  return elementwise<"square">([](Batch x) { return x * x; }, x);
}

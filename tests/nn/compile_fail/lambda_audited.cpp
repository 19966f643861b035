// expect: a layer is a struct with members\(visit\), called with a Tensor
#include "autograd/ops.h"
#include "nn/audit.h"

using namespace gradus;

Audit audited() {
  return audit_layer([](const Tensor& x) { return relu(x); }, {5, 3});
}

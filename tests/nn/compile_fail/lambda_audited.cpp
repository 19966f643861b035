// expect: a layer lists its members: instead of a lambda or function write struct Square \{ Tensor operator\(\)
#include "autograd/ops.h"
#include "nn/audit.h"

using namespace gradus;

Audit audited() {
  return audit_layer([](const Tensor& x) { return relu(x); }, {5, 3});
}

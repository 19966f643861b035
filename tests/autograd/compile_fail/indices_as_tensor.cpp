// expect first: Indices are not a Tensor: they have no derivative; gather\(x, axis, indices\) takes them
#include "autograd/ops.h"

using namespace gradus;

Tensor scaled(const Tensor& x, const Indices& by) { return x * by; }

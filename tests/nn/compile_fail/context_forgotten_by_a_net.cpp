// expect: a layer in it may draw: call net\(x, context\)
#include "nn/sequential.h"

using namespace gradus;

Tensor applied(const Sequential& net, const Tensor& x) { return net(x); }

// expect: dropout draws: call layer\(x, context\)
#include "nn/dropout.h"

using namespace gradus;

Tensor dropped(const Dropout& layer, const Tensor& x) { return layer(x); }

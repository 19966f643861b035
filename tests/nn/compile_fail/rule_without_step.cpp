// expect: a rule's step takes lanes of x and of each of its kMoments by reference, then the gradient
#include "nn/optim.h"

using namespace gradus;

struct Idle {
  double lr = 1;
};

Optimizer optimizer() { return Optimizer(Idle{}); }

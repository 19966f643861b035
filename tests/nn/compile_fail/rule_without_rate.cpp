// expect: a rule of optimisation has a rate, `double lr`
#include "nn/optim.h"

using namespace gradus;

struct Still {
  void step(Batch& x, Batch g) const { x -= g; }
};

Optimizer optimizer() { return Optimizer(Still{}); }

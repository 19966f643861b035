// expect: a rule lists a setting as is\(name, number, range, help\), or as is\(name, flag, help\)
#include "nn/optim.h"

using namespace gradus;

struct Loose {
  double lr = 1;
  void step(Batch& x, Batch g) const { x -= lr * g; }
  void settings(auto&& is) { is("lr", lr); }
};

Optimizer optimizer() { return Optimizer(Loose{}); }

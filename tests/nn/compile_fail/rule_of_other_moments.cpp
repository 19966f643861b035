// expect: a rule's step takes lanes of x and of each of its kMoments by reference, then the gradient
#include "nn/optim.h"

using namespace gradus;

struct Heavy {
  double lr = 1;
  static constexpr std::array kMoments{"m", "v"};
  void step(Batch& x, Batch& m, Batch g) const { x -= lr * (m += g); }
};

Optimizer optimizer() { return Optimizer(Heavy{}); }

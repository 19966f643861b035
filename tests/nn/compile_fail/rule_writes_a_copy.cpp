// expect: a rule's step takes lanes of x and of each of its kMoments by reference, then the gradient
#include "nn/optim.h"

using namespace gradus;

struct Forgetful {
  double lr = 1;
  static constexpr std::array kMoments{"m"};
  auto step(std::int64_t) const {
    return [rate = lr](Batch& x, Batch m, Batch g) { x -= rate * (m += g); };
  }
};

Optimizer optimizer() { return Optimizer(Forgetful{}); }

// expect: step takes the module itself: parameters\(module\) is a look at it, and an update of that would be lost
#include "nn/linear.h"
#include "nn/optim.h"

using namespace gradus;

void update(Linear& layer, Optimizer& optimizer, const std::vector<Tensor>& gradients) {
  optimizer.step(parameters(layer), gradients);
}

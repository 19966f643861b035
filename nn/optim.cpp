// SGD and Adam. The other rules stand in optim_rules.cpp, what all share in optimizer.cpp.
#include "nn/optim.h"

#include <cmath>

#include "nn/optim_rule.h"

namespace GRADUS::detail {

constexpr const char* kSgdMoments[] = {"velocity"};
constexpr const char* kAdamMoments[] = {"m", "v"};

Names moments(const Sgd& sgd) { return Names(kSgdMoments, sgd.momentum == 0 ? 0 : 1); }
Names moments(const Adam&) { return kAdamMoments; }

void apply(const Sgd& sgd, const Slot& slot) {
  const Batch lr = slot.lr, momentum = sgd.momentum;
  if (sgd.momentum == 0) return slot.update<1>([=](auto& lanes, Batch g) { lanes[0] -= lr * g; });
  slot.update<2>([=, nesterov = sgd.nesterov](auto& lanes, Batch g) {
    auto& [x, velocity] = lanes;
    velocity = momentum * velocity + g;
    x -= lr * (nesterov ? momentum * velocity + g : velocity);
  });
}

void apply(const Adam& adam, const Slot& slot, double keep) {
  const double t = static_cast<double>(slot.step);  // the corrections in double: 1 - βᵗ cancels
  const Batch rate = slot.lr / (1 - std::pow(adam.beta1, t));
  const Batch scale = 1 / std::sqrt(1 - std::pow(adam.beta2, t));
  const Batch beta1 = adam.beta1, beta2 = adam.beta2, rest1 = 1 - adam.beta1, rest2 = 1 - adam.beta2;
  slot.update<3>([=, kept = Batch(keep), epsilon = Batch(adam.epsilon)](auto& lanes, Batch g) {
    auto& [x, m, v] = lanes;
    m = beta1 * m + rest1 * g;
    v = beta2 * v + rest2 * g * g;
    x = kept * x - rate * m / (sqrt(v) * scale + epsilon);
  });
}

}  // namespace GRADUS::detail

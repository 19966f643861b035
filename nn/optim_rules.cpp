// The rules beside SGD and Adam, which stand in optim.cpp.
#include "nn/optim_rule.h"

namespace GRADUS::detail {

constexpr const char* kAdagradMoments[] = {"sum"};
constexpr const char* kRmsPropMoments[] = {"v", "velocity"};

Names moments(const Adagrad&) { return kAdagradMoments; }
Names moments(const RmsProp& rms_prop) { return Names(kRmsPropMoments, rms_prop.momentum == 0 ? 1 : 2); }
Names moments(const AdamW&) { return moments(Adam{}); }

void apply(const Adagrad& adagrad, const Slot& slot) {
  const Batch lr = slot.lr, epsilon = adagrad.epsilon;
  slot.update<2>([=](auto& lanes, Batch g) {
    auto& [x, sum] = lanes;
    sum += g * g;
    x -= lr * g / (sqrt(sum) + epsilon);
  });
}

void apply(const RmsProp& rms_prop, const Slot& slot) {
  const Batch lr = slot.lr, alpha = rms_prop.alpha, rest = 1 - rms_prop.alpha, epsilon = rms_prop.epsilon;
  const Batch momentum = rms_prop.momentum;
  const auto direction = [=](Batch& v, Batch g) {
    v = alpha * v + rest * g * g;
    return g / (sqrt(v) + epsilon);
  };
  if (rms_prop.momentum == 0)
    slot.update<2>([=](auto& lanes, Batch g) { lanes[0] -= lr * direction(lanes[1], g); });
  else
    slot.update<3>([=](auto& lanes, Batch g) {
      auto& [x, v, velocity] = lanes;
      velocity = momentum * velocity + direction(v, g);
      x -= lr * velocity;
    });
}

void apply(const AdamW& adam_w, const Slot& slot) {
  const auto& [lr, beta1, beta2, epsilon, weight_decay] = adam_w;
  apply(Adam{lr, beta1, beta2, epsilon}, slot, 1 - slot.lr * weight_decay);
}

}  // namespace GRADUS::detail

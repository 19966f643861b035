// RMSprop.
#pragma once

#include "nn/optim/rule.h"

namespace GRADUS {

/// v ← α·v + (1-α)·g², u ← momentum·u + g/(√v + ε), x ← x - lr·u (Tieleman, Hinton 2012).
struct RmsProp {
  static constexpr const char* kName = "rmsprop";
  static constexpr std::array kMoments{"v", "velocity"};

  double lr = 1e-2;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;

  std::size_t kept() const { return momentum == 0 ? 1 : 2; }

  void step(Batch& x, Batch& v, Batch& velocity, Batch g) const {
    v = alpha * v + (1 - alpha) * g * g;
    velocity = momentum * velocity + g / (sqrt(v) + epsilon);
    x -= lr * velocity;
  }

  void settings(auto&& is) {
    is("lr", lr, detail::kLearningRate, "learning rate");
    is("alpha", alpha, detail::kDecay, "what a step leaves of the mean of squares");
    is("epsilon", epsilon, detail::kEpsilon, "is added to the root of that mean");
    is("momentum", momentum, detail::kDecay, "what a step leaves of the velocity");
  }
};

}  // namespace GRADUS

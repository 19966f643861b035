// Stochastic gradient descent.
#pragma once

#include "nn/optim/rule.h"

namespace GRADUS {

/// u ← momentum·u + g, x ← x - lr·u; with Nesterov's look ahead along the momentum, x ← x - lr·(momentum·u + g)
/// (Sutskever, Martens, Dahl, Hinton 2013).
struct Sgd {
  static constexpr const char* kName = "sgd";
  static constexpr std::array kMoments{"velocity"};

  double lr = 1e-2;
  double momentum = 0;
  bool nesterov = false;

  std::size_t kept() const { return momentum == 0 ? 0 : 1; }

  void step(Batch& x, Batch& velocity, Batch g) const {
    velocity = momentum * velocity + g;
    x -= lr * (nesterov ? momentum * velocity + g : velocity);
  }

  void settings(auto&& is) {
    is("lr", lr, detail::kLearningRate, "learning rate");
    is("momentum", momentum, detail::kDecay, "what a step leaves of the velocity");
    is("nesterov", nesterov, "look ahead along the momentum");
  }
  void check_numbers() const { check(!nesterov || momentum > 0, "[optimizer] `nesterov` needs a `momentum` above 0"); }
};

}  // namespace GRADUS

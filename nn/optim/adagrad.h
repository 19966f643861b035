// Adagrad.
#pragma once

#include "nn/optim/rule.h"

namespace GRADUS {

/// s ← s + g², x ← x - lr·g/(√s + ε) (Duchi, Hazan, Singer 2011).
struct Adagrad {
  static constexpr const char* kName = "adagrad";
  static constexpr std::array kMoments{"sum"};

  double lr = 1e-2;
  double epsilon = 1e-10;

  void step(Batch& x, Batch& sum, Batch g) const {
    sum += g * g;
    x -= lr * g / (sqrt(sum) + epsilon);
  }

  void settings(auto&& is) {
    is("lr", lr, detail::kLearningRate, "learning rate");
    is("epsilon", epsilon, detail::kEpsilon, "is added to the root of the sum of squares");
  }
};

}  // namespace GRADUS

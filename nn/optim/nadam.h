// Nadam: Adam with Nesterov's look ahead.
#pragma once

#include <cmath>

#include "nn/optim/rule.h"

namespace GRADUS {

/// With μᵢ = β₁·(1 - ½·0.96^(i·momentum_decay)), m ← β₁m + (1-β₁)g and v ← β₂v + (1-β₂)g² as in Adam,
/// x ← x - lr·(μₜ₊₁·m/(1 - μ₁⋯μₜ₊₁) + (1-μₜ)·g/(1 - μ₁⋯μₜ))/(√v̂ + ε) (Dozat 2016; Keras has a momentum_decay of 1).
struct Nadam {
  static constexpr const char* kName = "nadam";
  static constexpr std::array kMoments{"m", "v"};

  double lr = 2e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double momentum_decay = 4e-3;

  auto step(std::int64_t t) const {
    const auto mu = [this](double i) { return beta1 * (1 - 0.5 * std::pow(0.96, i * momentum_decay)); };
    double product = 1;  // μ₁⋯μₜ, or less than 1 can tell from 0
    for (std::int64_t i = 1; i <= t && product > 1e-20; ++i) product *= mu(static_cast<double>(i));
    const double now = mu(static_cast<double>(t)), next = mu(static_cast<double>(t) + 1);
    const double of_g = lr * (1 - now) / (1 - product), of_m = lr * next / (1 - product * next);
    const double scale = 1 / std::sqrt(1 - std::pow(beta2, t));
    return [=, *this](Batch& x, Batch& m, Batch& v, Batch g) {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      x -= (of_m * m + of_g * g) / (sqrt(v) * scale + epsilon);
    };
  }

  void settings(auto&& is) {
    is("lr", lr, detail::kLearningRate, "learning rate");
    is("beta1", beta1, detail::kDecay, "what a step leaves of the mean of gradients");
    is("beta2", beta2, detail::kDecay, "what a step leaves of the mean of their squares");
    is("epsilon", epsilon, detail::kEpsilon, "is added to the root of that mean");
    is("momentum_decay", momentum_decay, RealRange{.min = 0, .max = 1e6}, "how fast the momentum rises to beta1");
  }
};

}  // namespace GRADUS

// Adam.
#pragma once

#include <cmath>

#include "nn/optim/rule.h"

namespace GRADUS {

/// m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², x ← x - lr·m̂/(√v̂ + ε), with m̂ and v̂ corrected for their start at zero
/// (Kingma, Ba 2014).
struct Adam {
  static constexpr const char* kName = "adam";
  static constexpr std::array kMoments{"m", "v"};

  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;

  /// `keep` is what stays of x before the step itself (adam_w.h).
  auto step(std::int64_t t, double keep = 1) const {
    const double rate = lr / (1 - std::pow(beta1, t));  // the corrections in double: 1 - βᵗ cancels
    const double scale = 1 / std::sqrt(1 - std::pow(beta2, t));
    return [=, *this](Batch& x, Batch& m, Batch& v, Batch g) {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      x = keep * x - rate * m / (sqrt(v) * scale + epsilon);
    };
  }

  void settings(auto&& is) {
    is("lr", lr, detail::kLearningRate, "learning rate");
    is("beta1", beta1, detail::kDecay, "what a step leaves of the mean of gradients");
    is("beta2", beta2, detail::kDecay, "what a step leaves of the mean of their squares");
    is("epsilon", epsilon, detail::kEpsilon, "is added to the root of that mean");
  }
};

}  // namespace GRADUS

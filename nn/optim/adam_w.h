// AdamW: Adam with decoupled weight decay.
#pragma once

#include "nn/optim/adam.h"

namespace GRADUS {

/// Adam, and before it x ← x - lr·weight_decay·x (Loshchilov, Hutter 2017).
struct AdamW {
  static constexpr const char* kName = "adamw";
  static constexpr auto kMoments = Adam::kMoments;

  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;

  auto step(std::int64_t t) const { return Adam{lr, beta1, beta2, epsilon}.step(t, 1 - lr * weight_decay); }

  void settings(auto&& is) {
    is("lr", lr, detail::kLearningRate, "learning rate");
    is("beta1", beta1, detail::kDecay, "what a step leaves of the mean of gradients");
    is("beta2", beta2, detail::kDecay, "what a step leaves of the mean of their squares");
    is("epsilon", epsilon, detail::kEpsilon, "is added to the root of that mean");
    is("weight_decay", weight_decay, detail::kWeightDecay, "times the rate: the share of the weights a step takes");
  }
};

}  // namespace GRADUS

// Schedules: what factor of its learning rate an optimiser takes, as a pure function of the step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "tensor/check.h"

namespace GRADUS {

struct Schedule {
  enum Kind { constant, step, cosine } kind = constant;
  /// After so many steps, 1 or more, the rate has become `factor` times what it was: all at once, and again after as
  /// many steps (step); or along half a cosine, and stays there (cosine: Loshchilov, Hutter 2016).
  std::int64_t decay_steps = 1;
  double factor = 0.1;
  /// So many steps come before that, over which the rate rises linearly to its full value.
  std::int64_t warmup = 0;

  /// The factor of the step that follows `taken` others. Error when decay_steps, where they count, are fewer than 1.
  double operator()(std::int64_t taken) const {
    check(kind == constant || decay_steps >= 1, "[schedule] a rate cannot decay in {} steps", decay_steps);
    if (taken < warmup) return static_cast<double>(taken + 1) / static_cast<double>(warmup + 1);
    const std::int64_t steps = taken - warmup;
    if (kind == step) return std::pow(factor, static_cast<double>(steps / decay_steps));
    if (kind == constant) return 1;
    const double way = static_cast<double>(std::min(steps, decay_steps)) / static_cast<double>(decay_steps);
    return factor + (1 - factor) * (1 + std::cos(std::numbers::pi * way)) / 2;
  }
};

}  // namespace GRADUS

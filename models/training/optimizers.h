// The optimisers and schedules of a training, kinds to choose from.
#pragma once

#include "models/settings.h"
#include "nn/optim.h"
#include "nn/schedule.h"

namespace GRADUS {

using Optimizers = Choice<Adam, AdamW, Sgd, Adagrad, RmsProp, Nadam>;

inline constexpr IntegerRange kDecaySteps{1, 1'000'000'000'000};
inline constexpr RealRange kDecayFactor{.min = 0, .max = 1};
inline constexpr const char* kDecayFactorHelp = "what a fall leaves of the rate";

struct ConstantSchedule {
  static constexpr const char* kName = "constant";
  Schedule make(std::int64_t warmup) const { return {.warmup = warmup}; }
};
struct StepSchedule {
  static constexpr const char* kName = "step";
  static constexpr const char* kHelp = "falls at once, again and again";
  std::optional<std::int64_t> decay_steps{};
  double decay_factor = 0.1;
  void settings(auto&& is) {
    is("decay_steps", decay_steps, kDecaySteps, "steps between two falls");
    is("decay_factor", decay_factor, kDecayFactor, kDecayFactorHelp);
  }
  Schedule make(std::int64_t warmup) const {
    if (!decay_steps) throw SettingError("`schedule` step needs `decay_steps`");
    if (decay_factor == 0)
      throw SettingError("`decay_factor` must be above 0 with `schedule` step: a rate of 0 learns nothing");
    return {Schedule::step, *decay_steps, decay_factor, warmup};
  }
};
struct CosineSchedule {
  static constexpr const char* kName = "cosine";
  static constexpr const char* kHelp = "falls along half a cosine, and stays there";
  std::optional<std::int64_t> decay_steps{};
  double decay_factor = 0.1;
  void settings(auto&& is) {
    is("decay_steps", decay_steps, kDecaySteps, "steps of its whole fall; by default the training's");
    is("decay_factor", decay_factor, kDecayFactor, kDecayFactorHelp);
  }
  Schedule make(std::int64_t warmup) const { return {Schedule::cosine, decay_steps.value_or(1), decay_factor, warmup}; }
};
using Schedules = Choice<ConstantSchedule, StepSchedule, CosineSchedule>;

}  // namespace GRADUS

#include "models/training/pace.h"

#include "tensor/parallel.h"

namespace GRADUS {

std::int64_t steps_per_epoch(const Config& config, std::int64_t images) {
  if (!Config::kBatchSize.contains(config.batch_size) || !Config::kAccumulate.contains(config.accumulate) ||
      !Config::kValidation.contains(config.validation))
    throw SettingError(fmt::format("`batch_size` {}, `accumulate` {} and `validation` {} make no training",
                                   config.batch_size, config.accumulate, config.validation));
  if (images <= config.validation)
    throw SettingError(
        fmt::format("`validation` {} leaves none of the {} training images to train on", config.validation, images));
  return ceil_div(images - config.validation, config.batch_size * config.accumulate);
}

std::optional<std::int64_t> first_idle_step(const Config& config, std::int64_t steps) {
  const Schedule schedule = config.new_schedule();
  const double rate = config.learning_rate();
  const auto idle = [&](std::int64_t taken) { return static_cast<Real>(rate * schedule(taken)) == 0; };
  std::int64_t low = config.warmup, high = steps - 1;  // after the warm-up a rate never rises
  if (low > high || !idle(high)) return std::nullopt;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (idle(middle) ? high : low) = idle(middle) ? middle : middle + 1;
  }
  return high;
}

std::string idle_text(const Config& config, std::int64_t images) {
  const std::int64_t steps = config.epochs * steps_per_epoch(config, images);
  const auto idle = first_idle_step(config, steps);
  return idle ? fmt::format("the learning rate is 0 from step {} of {} on: nothing more would be learnt", *idle + 1,
                            steps)
              : "";
}

void settle_schedule(Config& config, std::int64_t images) {
  const std::int64_t steps = config.epochs * steps_per_epoch(config, images);
  auto* cosine = std::get_if<CosineSchedule>(&config.schedule.chosen);
  if (cosine && !cosine->decay_steps) {
    if (config.warmup >= steps)
      throw SettingError(fmt::format("`warmup` {} leaves none of the {} steps of the training to `schedule` cosine\n"
                                     "help: give it a length with `decay_steps`",
                                     config.warmup, steps));
    cosine->decay_steps = steps - config.warmup;
  }
  if (const std::string idle = idle_text(config, images); !idle.empty())
    throw SettingError(idle + "\nhelp: choose more `decay_steps` or a larger `decay_factor`");
}

}  // namespace GRADUS

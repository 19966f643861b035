// How many steps a training takes, and whether its learning rate lasts that long.
#pragma once

#include "models/training/config.h"

namespace GRADUS {

/// Steps of the optimiser in an epoch, each on batch_size · accumulate of `images` images, less those held out.
/// SettingError when a setting is out of its range, and when no image is left to train on.
std::int64_t steps_per_epoch(const Config& config, std::int64_t images);

/// The first of so many steps, if there is one, from which on the learning rate is 0 as a Real: nothing is learnt.
std::optional<std::int64_t> first_idle_step(const Config& config, std::int64_t steps);
/// That the rate falls to 0 before the end of a training on so many images, and when; nothing if it does not.
std::string idle_text(const Config& config, std::int64_t images);

/// The cosine's length where none was given: the training's. SettingError when the warm-up leaves nothing of it, and when
/// the rate falls to 0 before the end.
void settle_schedule(Config& config, std::int64_t images);

}  // namespace GRADUS

// Training with progress on the terminal, and what is said at its end.
#pragma once

#include "models/cli/run_command.h"
#include "models/training/trainer.h"

namespace GRADUS {

/// Trains to the end and says what was left where; false when a stop was requested before. `config`: what config.json is
/// to hold once there is more to save; nothing when it holds that.
bool train_and_report(Trainer& trainer, const Run& run, std::string config, const Call& call);

}  // namespace GRADUS

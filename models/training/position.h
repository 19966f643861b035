// Where a training stands, as its checkpoint tells it beside tensors; and whether what a checkpoint tells can be true of
// the run that it lies in.
#pragma once

#include <limits>

#include "models/training/config.h"
#include "nn/files/checkpoint.h"
#include "tensor/random.h"

namespace GRADUS {

struct Position {
  std::int64_t epoch = 0;  // epochs finished
  std::int64_t step = 0;   // steps taken in the epoch under way; all of them while its bound is still to come
  std::int64_t steps = 0;  // of the optimiser, in all
  Rng rng{};               // of the steps: bits, noise
  double log_likelihood = 0, kl = 0;  // sums of the epoch's means, each times its share of a whole step
  double best = -std::numeric_limits<double>::infinity();  // ELBO of the held-out images
  double gradient_norm = 0;                                // the sum of those looked at in the epoch under way
  std::int64_t best_epoch = 0;                             // after which it was the best; 0: none yet

  void numbers(auto&& visit) {  // and their names in a checkpoint
    visit("epoch", epoch);
    visit("position", step);
    visit("step", steps);
    visit("generator.seed", rng.seed);
    visit("generator.stream", rng.stream);
    visit("generator.counter", rng.counter);
    visit("epoch_log_likelihood", log_likelihood);
    visit("epoch_kl", kl);
    visit("best_validation_elbo", best);
    visit("epoch_gradient_norm", gradient_norm);
    visit("best_epoch", best_epoch);
  }
};

/// What a checkpoint says beside tensors: the position, and what the run is, without what may change (where its data
/// is, how long it is to go on).
std::map<std::string, std::string> metadata_of(const Config& config, Position position);
/// Error when a checkpoint does not say where a training stands, or says what cannot be: numbers that are not of their
/// kind, settings, data or a seed that are not those of the configuration, or steps that do not make up the epochs.
/// Checkpoints from before they said the settings are not asked for them.
Position read_position(const Config& config, const Checkpoint& checkpoint);

/// For a sentence: the file that a checkpoint was read from.
std::string name_of(const Checkpoint& checkpoint);

}  // namespace GRADUS

// Training: epochs of steps, with everything kept that is needed to stop at any step and go on with the same bits.
#pragma once

#include <atomic>
#include <functional>
#include <set>

#include "models/training/metrics.h"
#include "models/training/position.h"
#include "nn/average.h"
#include "nn/optim.h"

namespace GRADUS {

/// What has been learnt so far in an epoch, nats per image over those used.
struct Progress {
  std::int64_t epoch = 0, epochs = 0;             // the one under way, from 1; of how many
  std::int64_t images = 0, images_per_epoch = 0;  // used of the epoch under way; in all
  Evaluation so_far{};
  std::optional<Objective::Weights> weights{};  // of the last step, where they change
  double images_per_second = 0;                 // of this call to train()
  double seconds_left = 0;                      // of the whole training, at this speed
};

struct Observer {
  std::function<void(const Progress&)> step = [](const Progress&) {};
  std::function<void(const EpochMetrics&)> epoch = [](const EpochMetrics&) {};
  std::function<void()> saving = [] {};  // the last checkpoint is replaced: its numbers are good
  /// Something is wrong (models/training/health.h): each kind is told once.
  std::function<void(const std::string&)> remark = [](const std::string&) {};
};

class Trainer {
 public:
  /// A new training, on `data`, which must outlive it. Error when the configuration does not fit the data.
  Trainer(const Config& config, const Dataset& data);
  Trainer(const Config& config, Dataset&& data) = delete;
  /// Continues from a checkpoint that save() wrote. Error when it or the data is not the one trained on.
  Trainer(const Config& config, const Dataset& data, const Checkpoint& checkpoint);
  Trainer(const Config& config, Dataset&& data, const Checkpoint& checkpoint) = delete;

  /// Trains to the end of the configured epochs, or until it stops early, writing metrics, pictures and checkpoints to
  /// `run` after each. When `stop` becomes true, finishes the step, saves and returns false. NumericError when a loss, a parameter or a bound
  /// is not finite; the last checkpoint stays as it was.
  bool train(const Run& run, const Observer& observer, const std::atomic<bool>& stop);

  /// One step of the optimiser on the next images of the epoch. NumericError when the loss is not finite, Error when
  /// all images of the epoch are used: train() begins the next.
  void step();
  /// Whether so many epochs passed without a better bound that it has ended.
  bool stopped_early() const;
  std::int64_t best_epoch() const { return at_.best_epoch; }
  /// Parameters, their average, optimiser, and where the training stands: nothing of time, threads or paths. Numbers
  /// that are not finite are refused by save_checkpoint.
  Checkpoint save();

  /// The model to be used: the average of the weights where one is kept.
  const Config& config() const { return config_; }
  const Vae& vae() const { return average_ ? average_->module : vae_; }

 private:
  Trainer(const Config& config, const Dataset& data, Vae vae);
  std::int64_t images_per_step() const { return config_.batch_size * config_.accumulate; }
  /// As a multiple of a whole step.
  double steps_of(std::int64_t images) const {
    return static_cast<double>(images) / static_cast<double>(images_per_step());
  }
  /// Nats per image over the steps of the epoch so far.
  Evaluation so_far(double steps) const;
  void shuffle();
  void fit_codes();
  std::optional<double> count_active_units() const;
  Evaluation finite_evaluation(const Images& images) const;
  enum class Wrong { pixels, kl, collapse, dead_codes, logits };
  void tell(Wrong what, std::string sentence);
  void flush(const Observer& observer);
  void finish_epoch(const Run& run, const Observer& observer, double seconds, std::string& metrics_table);

  Config config_;
  const Dataset& data_;
  Images held_out_;           // for validation
  std::int64_t train_count_;  // training images without those
  std::int64_t steps_per_epoch_;
  Vae vae_;
  std::optional<Average<Vae>> average_;
  Optimizer optimizer_;
  Schedule schedule_;
  std::optional<Objective::Weights> weights_{};  // of the last step, where they change
  Position at_;                                  // but for the optimiser's steps, which it counts itself
  Indices order_;                                // of the images in the epoch under way
  std::set<Wrong> told_{};
  std::vector<std::string> remarks_{};  // still to be told
};

}  // namespace GRADUS

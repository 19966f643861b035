// Everything that makes a training run what it is, as the command line gives it and as RUN/config.json keeps it.
#pragma once

#include <filesystem>

#include "models/data/bits.h"
#include "models/data/sources.h"
#include "models/data/units.h"
#include "models/model.h"
#include "models/training/optimizers.h"

namespace GRADUS {

struct Config {
  static constexpr IntegerRange kEpochs{1, 1'000'000}, kBatchSize{1, 1 << 24}, kAccumulate{1, 1 << 20};
  static constexpr IntegerRange kValidation{0, 1'000'000'000};

  std::string data = "digits";
  std::string fingerprint, test_fingerprint;  // of the images trained and measured on
  SampleShape sample{};
  bool transpose = false;  // rows of the files' images are columns
  Selection selection{};
  Units units{};
  Binarize binarize = Binarize::none;
  std::int64_t validation = 0;  // training images held out, from the end
  ModelSettings model{};
  Objective objective{};
  std::int64_t epochs = 20;
  std::int64_t batch_size = 150;
  double clip = 0;  // of the global gradient norm; 0: none
  std::uint64_t seed = 0;
  Optimizers optimizer{};
  Schedules schedule{};
  std::int64_t warmup = 0;      // steps
  double ema = 0;               // decay of the average of the weights; 0: none is kept
  std::int64_t accumulate = 1;  // batches per step
  std::int64_t save_every = 0;  // epochs from one checkpoint that is kept to the next; 0: only the newest is
  std::int64_t stop_early = 0;  // epochs without a better bound after which the training ends; 0: none

  void settings(auto&& is) {
    static constexpr Word<Binarize> kBinarize[] = {
        {"none", Binarize::none}, {"static", Binarize::statically}, {"dynamic", Binarize::dynamically}};
    constexpr IntegerRange kSide{1, 65535};
    is.section("Data");
    is("data", data,
       "\"digits\" or \"shapes\" (generated); a folder of IDX files under MNIST's names or\n"
       "EMNIST's (FOLDER/emnist-letters is one of several sets), plain or gzip'ed, or of\n"
       "pictures in folders that are their labels; a .npy array, a .csv table");
    is.found("fingerprint", fingerprint);
    is.found("test_fingerprint", test_fingerprint);
    is.found("image_channels", sample.channels, IntegerRange{1, 3});
    is.found("height", sample.height, kSide);
    is.found("width", sample.width, kSide);
    units.settings(is);
    selection.settings(is);
    is("transpose", transpose, "swap the rows and columns of every image, as EMNIST's files need");
    is("binarize", binarize, kBinarize, "draw pixels as bits: never, once, or anew at every use");
    is("validation", validation, kValidation, "training images held out, from the end, to choose best.safetensors");
    is.section("Model");
    model.settings(is);
    is.section("Training");
    objective.settings(is);
    is("epochs", epochs, kEpochs, "passes over the training images");
    is("batch_size", batch_size, kBatchSize, "images per batch");
    is("save_every", save_every, IntegerRange{0, 1'000'000},
       "epochs after which a checkpoint is kept for good, as epoch-N.safetensors; 0: none");
    is("stop_early", stop_early, IntegerRange{0, 1'000'000},
       "epochs without a better bound after which training ends, the best checkpoint kept: on\n"
       "the images held out, or, where there are none, on the test images; 0: never");
    is("clip", clip, RealRange{.min = 0, .max = 1e30}, "largest norm of the gradient; 0: no limit");
    is("seed", seed, "of the weights, the order of the images and all noise");
    is.section("Optimizer");
    is("optimizer", optimizer, "how parameters follow their gradients");
    is("schedule", schedule, "how the learning rate changes");
    is("warmup", warmup, IntegerRange{0, 1'000'000'000},
       "steps in front of the schedule on which the rate rises to `lr`");
    is("ema", ema, detail::kDecay,
       "decay of an average of the weights, to be used in their place (of no more\n"
       "than about the last tenth of the steps so far); 0: none is kept");
    is("accumulate", accumulate, kAccumulate, "batches whose gradients make one step");
  }

  /// SettingError for what cannot go together.
  void check() const;
  Optimizer new_optimizer() const;
  Schedule new_schedule() const;
  double learning_rate() const;
  /// Whether the best checkpoint is kept.
  bool keeps_best() const { return validation > 0 || stop_early > 0; }
  /// How samples are taken from the data.
  Taking taking() const {
    Taking taking{.transposed = transpose, .selection = selection};
    if (!fingerprint.empty()) taking.scaling = units.scaling();
    return taking;
  }
  /// Of the files that show samples: a picture, or a table.
  const char* ending() const { return units.is_table() ? ".csv" : ".png"; }
  /// How the model is shown its images.
  Shown shown() const { return {binarize, dequantizes(model.likelihood), model.condition}; }
};

/// Error naming `file` when it is not the configuration of a run.
Config config_from_json(const std::string& text, const std::filesystem::path& file);

}  // namespace GRADUS

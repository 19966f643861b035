// Everything that makes a training run what it is, as the command line gives it and as RUN/config.json keeps it.
#pragma once

#include <filesystem>

#include "models/vae.h"
#include "nn/range.h"
#include "nn/schedule.h"

namespace GRADUS {

/// What becomes of grey pixels x in [0, 1]. none: they are the data. statically: each pixel is 1 with probability x, drawn
/// once for all runs. dynamically: drawn anew each time an image is used in training. Test images are drawn once and for
/// all in both.
enum class Binarize { none, statically, dynamically };

enum class OptimizerKind { adam, adamw, sgd, adagrad, rmsprop };
/// Of an optimiser when none is given: 0.9 of sgd, otherwise none.
double default_momentum(OptimizerKind optimizer);

struct Config {
  std::string data = "digits";
  std::string fingerprint;  // of the training images
  VaeSettings vae;
  Binarize binarize = Binarize::none;
  double beta = 1;
  std::int64_t epochs = 20;
  std::int64_t batch_size = 150;
  OptimizerKind optimizer = OptimizerKind::adam;
  double lr = 1e-3;
  double clip = 0;              // of the global gradient norm; 0: none
  std::int64_t validation = 0;  // training images held out, from the end
  std::uint64_t seed = 0;

  // Added later: a config.json from before lacks these, and means the values here.
  std::string test_fingerprint;  // of the test images; empty: not looked at
  double momentum = 0;           // of sgd and rmsprop; in such a configuration default_momentum(optimizer)
  bool nesterov = false;         // of sgd
  double weight_decay = 0.01;    // of adamw
  Schedule::Kind schedule = Schedule::constant;
  std::int64_t decay_steps = 0;  // of the schedules that decay (nn/schedule.h)
  double decay_factor = 0.1;
  std::int64_t warmup = 0;      // steps
  double ema = 0;               // decay of the average of the weights; 0: none is kept
  std::int64_t accumulate = 1;  // batches per step
  bool transpose = false;       // rows of the files' images are columns
};

namespace range {  // of the settings
inline constexpr IntegerRange kHidden{1, 65536}, kLatent{1, 65536}, kEpochs{1, 1'000'000}, kBatchSize{1, 1 << 24};
inline constexpr IntegerRange kValidation{0, 1'000'000'000}, kAccumulate{1, 1 << 20};
inline constexpr IntegerRange kDecaySteps{1, 1'000'000'000'000}, kWarmup{0, 1'000'000'000};
inline constexpr std::size_t kMostHidden = 64;  // layers
inline constexpr RealRange kBeta{.min = 0, .max = 1e6}, kLr{.min = 0, .max = 1e12, .above_min = true};
inline constexpr RealRange kClip{.min = 0, .max = 1e30}, kWeightDecay{.min = 0, .max = 1e6};
inline constexpr RealRange kDecayFactor{.min = 0, .max = 1};
inline constexpr RealRange kDecay{.min = 0, .max = 1, .below_max = true};  // of momentum and averages
}  // namespace range

/// A choice and its name on the command line and in config.json.
template <class E>
struct Named {
  const char* name;
  E value;
};
template <class E>
std::span<const Named<E>> choices();  // for each enum above
template <>
std::span<const Named<Network>> choices();
template <>
std::span<const Named<Activation::Kind>> choices();
template <>
std::span<const Named<Init>> choices();
template <>
std::span<const Named<Head>> choices();
template <>
std::span<const Named<Likelihood>> choices();
template <>
std::span<const Named<Binarize>> choices();
template <>
std::span<const Named<OptimizerKind>> choices();
template <>
std::span<const Named<Schedule::Kind>> choices();

template <class E>
const char* name_of(E value) {
  for (const Named<E>& choice : choices<E>())
    if (choice.value == value) return choice.name;
  throw Error("[config] a value without a name");
}

/// One member a line, in a fixed order.
std::string to_json(const Config& config);
/// `"lr": 0.001, not 0.002 (line 16)`: the first member in which two of these texts differ, and where it stands in the
/// second. Nothing when they are equal.
std::string first_difference(const std::string& one, const std::string& other);
/// Error naming `file` and the line when a member is missing, unknown, of the wrong kind, out of its range or of no use
/// beside the others.
Config config_from_json(const std::string& text, const std::filesystem::path& file);

}  // namespace GRADUS

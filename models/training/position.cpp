#include "models/training/position.h"

#include <charconv>
#include <cmath>

#include "models/data/dataset.h"
#include "models/training/pace.h"
#include "models/training/streams.h"
#include "nn/files/quote.h"

namespace GRADUS {

std::string name_of(const Checkpoint& checkpoint) {
  return checkpoint.file.empty() ? "the checkpoint" : quote(checkpoint.file.native());
}

/// The settings that make a run what it is.
static std::string settings_of(Config config) {
  const Config any;
  config.data = any.data;
  config.epochs = any.epochs;
  return to_json(config);
}

std::map<std::string, std::string> metadata_of(const Config& config, Position position) {
  std::map<std::string, std::string> metadata{
      {"model", "vae"}, {"data", config.fingerprint}, {"settings", settings_of(config)}};
  position.numbers([&](const char* name, auto number) { metadata[name] = fmt::format("{}", number); });
  return metadata;
}

// ---- reading ----

static const std::string& text_of(const Checkpoint& checkpoint, const char* name) {
  const auto found = checkpoint.metadata.find(name);
  check(found != checkpoint.metadata.end(), "{} does not say \"{}\"", name_of(checkpoint), name);
  return found->second;
}

template <class T>
static T number_of(const Checkpoint& checkpoint, const char* name) {
  const std::string& text = text_of(checkpoint, name);
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc() && end == text.data() + text.size(),
        "{} says \"{}\" is {}, which is not a number of its kind", name_of(checkpoint), name, quote(text));
  return number;
}

static void check_settings(const Config& config, const Checkpoint& checkpoint) {
  const auto found = checkpoint.metadata.find("settings");
  if (found == checkpoint.metadata.end()) return;
  const Config then = config_from_json(found->second, checkpoint.file);
  const std::string change = first_difference(settings_of(then), settings_of(config));
  check(change.empty(), "{} does not fit its config.json: it was saved by a training with {}", name_of(checkpoint),
        change);
}

Position read_position(const Config& config, const Checkpoint& checkpoint) {
  const std::string file = name_of(checkpoint);
  const std::string &model = text_of(checkpoint, "model"), &data = text_of(checkpoint, "data");
  check(model == "vae", "{} holds a model of the kind {}, not a \"vae\"", file, quote(model));
  check_settings(config, checkpoint);
  check(data == config.fingerprint, "{} was trained on {}, but the run that it lies in on {}", file, quote(data),
        quote(config.fingerprint));
  Position at;
  const auto is_new = [](std::string_view name) { return name == "epoch_gradient_norm" || name == "best_epoch"; };
  at.numbers([&]<class T>(const char* name, T& number) {
    if (is_new(name) && !checkpoint.metadata.contains(name)) return;  // from before there was such a number
    number = number_of<T>(checkpoint, name);
  });
  check(at.rng.seed == config.seed, "{} was trained with the seed {}, but the run that it lies in with {}", file,
        at.rng.seed, config.seed);
  const std::int64_t per_epoch = steps_per_epoch(config, read_fingerprint(config.fingerprint).count);
  check(at.epoch >= 0 && at.epoch <= Config::kEpochs.max, "{} was saved after epoch {}", file, at.epoch);
  check(at.step >= 0 && at.step <= per_epoch, "{} is at step {} of an epoch of {}", file, at.step, per_epoch);
  check(at.steps == at.epoch * per_epoch + at.step,
        "{} says that the optimiser took {} steps, but {} epochs of {} and {} more are {}", file, at.steps, at.epoch,
        per_epoch, at.step, at.epoch * per_epoch + at.step);
  const bool drawn = at.steps > 0 || at.rng.counter == 0;
  const bool sums = std::isfinite(at.log_likelihood - at.kl) && (at.step > 0 || (at.log_likelihood == 0 && at.kl == 0));
  const bool best = config.keeps_best() && at.epoch > 0 ? std::isfinite(at.best)
                                                        : at.best == -std::numeric_limits<double>::infinity();
  const bool norm = at.gradient_norm >= 0 && std::isfinite(at.gradient_norm) && (at.step > 0 || at.gradient_norm == 0);
  const bool when = at.best_epoch >= 0 && at.best_epoch <= at.epoch && (config.keeps_best() || at.best_epoch == 0);
  check(at.rng.stream == stream::kTraining && drawn && sums && best && norm && when,
        "{} tells numbers that no training arrives at", file);
  return at;
}

}  // namespace GRADUS

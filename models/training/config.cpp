#include "models/training/config.h"

#include "models/data/dataset.h"
#include "nn/files/quote.h"

namespace GRADUS {

Optimizer Config::new_optimizer() const {
  return std::visit([](const auto& rule) { return Optimizer(rule); }, optimizer.chosen);
}

Schedule Config::new_schedule() const {
  return std::visit([&](const auto& kind) { return kind.make(warmup); }, schedule.chosen);
}

double Config::learning_rate() const {
  return std::visit([](const auto& rule) { return rule.lr; }, optimizer.chosen);
}

/// Fingerprints are of images of the model's size.
static void check_fingerprint(const char* name, const std::string& text, const SampleShape& sample) {
  if (text.empty()) return;
  const SampleShape shape = read_fingerprint(text).shape;
  if (!(shape == sample))
    throw SettingError(
        fmt::format("`{}` is of images of {} pixels, the model takes {}", name, to_string(shape), to_string(sample)));
}

void Config::check() const {
  objective.check(model.pricing(), model.code.name());
  try {
    new_optimizer();
  } catch (const Error& error) {
    const std::string sentence = error.what();  // "[optimizer] …", which nobody asked for here
    throw SettingError(sentence.substr(sentence.find("] ") + 2));
  }
  new_schedule();
  selection.check();
  units.check(sample);
  check_fingerprint("fingerprint", fingerprint, sample);
  check_fingerprint("test_fingerprint", test_fingerprint, sample);
}

Config config_from_json(const std::string& text, const std::filesystem::path& file) try {
  Config config;
  read_json(config, text);
  try {
    config.check();
  } catch (const SettingError& error) {
    throw SettingError(located(error.what(), text));
  }
  return config;
} catch (const Error& error) {
  throw Error(fmt::format("{} is not a configuration: {}", quote(file.native()), spoken(error.what(), as_in_file)));
}

}  // namespace GRADUS

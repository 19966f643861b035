#include "models/cli/verbs/info.h"

#include <fmt/ranges.h>

#include "models/training/metrics.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

// "name  value", a line for each setting.
struct Lines final : SettingsVisitor {
  std::string text_;

  void line(const char* name, const std::string& value) { text_ += fmt::format("{:<17} {}\n", name, value); }
  void section(const char* heading) override { text_ += fmt::format("\n{}\n", heading); }
  void text(const char* name, std::string& value, const char*) override { line(name, quote(value)); }
  void seed(const char* name, std::uint64_t& value, const char*) override { line(name, fmt::to_string(value)); }
  void flag(const char* name, bool& value, const char*) override { line(name, value ? "yes" : "no"); }
  void whole(const char* name, std::int64_t& value, const IntegerRange&, const char*) override {
    line(name, fmt::to_string(value));
  }
  void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange&, const char*) override {
    line(name, value ? fmt::to_string(*value) : "auto");
  }
  void number(const char* name, double& value, const RealRange&, const char*) override {
    line(name, fmt::to_string(value));
  }
  void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList&, const char*) override {
    line(name, fmt::format("{}", fmt::join(value, ",")));
  }
  void choice(const char* name, AnyChoice& value, const char*) override {
    line(name, value.name(value.chosen()));
    value.settings(value.chosen(), *this);
  }
};

}  // namespace

std::string setting_lines(const Config& config) {
  Lines lines;
  visit_settings(const_cast<Config&>(config), lines);
  return lines.text_;
}

std::string InfoVerb::text_of(const Opened& opened) {
  const auto& [run, config, at, vae] = opened;
  std::string text = fmt::format("model        {}\n", layer_sizes(vae));
  text += fmt::format("parameters   {}, {} multiplications and additions an image\n", count(vae), multiply_adds(vae));
  text += fmt::format("measures     {}, nats per image\n",
                      measure(config.model.likelihood, config.binarize != Binarize::none).what);
  text += fmt::format("progress     {} of {} epochs{}\n", at.epoch, config.epochs,
                      at.step > 0 ? fmt::format(", and step {} of the next", at.step) : "");
  text += bound_after(at.epoch, run, config);
  std::string kept;
  std::error_code error;
  std::vector<std::string> names{"last", "best"};
  if (config.save_every > 0)
    for (std::int64_t epoch = config.save_every; epoch <= at.epoch; epoch += config.save_every)
      names.push_back(fmt::format("epoch-{}", epoch));
  for (const std::string& name : names)
    if (std::filesystem::exists(run.checkpoint(name), error))
      kept += fmt::format("{}{}", kept.empty() ? "" : ", ", name);
  text += fmt::format("checkpoints  {}\n", kept);
  return text + setting_lines(config);
}

}  // namespace GRADUS

#include "models/cli/verbs/shared.h"

#include "models/data/sources.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

void PictureOption::check() const {
  if (!out.empty() && !out.ends_with(".png"))
    throw UsageError(fmt::format("--out must end in .png, not {}", quote(out)));
}

Images OtherData::test_images(const Config& config) const {
  const bool transposed = transpose == Transpose::as_trained ? config.transpose : transpose == Transpose::yes;
  const std::string& where = data.empty() ? config.data : data;
  Images images = load_images(where, Split::test, {.transposed = transposed, .size = config.sample});
  if (data.empty() && transposed == config.transpose && !config.test_fingerprint.empty())
    check(fingerprint(images) == config.test_fingerprint,
          "the test images of {} are not those of this run: they are {}, the run was measured on {}\n"
          "help: name the folder, as of other data, to take them all the same",
          quote(where), quote(fingerprint(images)), quote(config.test_fingerprint));
  return images;
}

Opened open(const RunOption& option) {
  const Run run = open_run(option.folder);
  Config config = read_config(run);
  const Checkpoint checkpoint = read_checkpoint(run, option.checkpoint_name());
  const Position at = read_position(config, checkpoint);
  Vae vae = load_vae(config, checkpoint);
  return {run, std::move(config), at, std::move(vae)};
}

std::string place_of(const std::string& data) {
  if (data == "digits") return data;
  std::error_code error;
  const fs::path path = fs::absolute(data, error);
  check(!error, "cannot tell where {} is: {}", quote(data), error.message());
  return path.native();
}

std::string text_of(const Config& config) {
  const std::string json = to_json(config);
  check(config_from_json(json, "config.json").data == config.data,
        "the data's folder {} has a name that is not UTF-8, which config.json cannot hold", quote(config.data));
  return json;
}

std::string progress_of(const Position& at) {
  return fmt::format("epoch {}{}", at.epoch, at.step > 0 ? fmt::format(" and {} steps", at.step) : "");
}

}  // namespace GRADUS

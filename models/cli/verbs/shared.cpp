#include "models/cli/verbs/shared.h"

#include "models/cli/options.h"
#include "models/data/sources.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

const std::string& RunOption::checkpoint_name() const {
  const bool number = which.starts_with("epoch-") && which.size() > 6 && which.size() < 14 &&
                      which.find_first_not_of("0123456789", 6) == std::string::npos;
  if (which != "last" && which != "best" && !number)
    throw UsageError(fmt::format("--checkpoint must be last, best or epoch-N, not {}", quote(which)));
  return which;
}

void PictureOption::check() const {
  if (!out.empty() && !out.ends_with(".png") && !out.ends_with(".csv"))
    throw UsageError(fmt::format("--out must end in .png, or in .csv for a table, not {}", quote(out)));
}

void PictureOption::check(const Config& config) const {
  const std::string ending = config.ending();
  if (!out.empty() && !out.ends_with(ending))
    throw UsageError(fmt::format("--out must end in {}, not {}", ending, quote(out)));
}

/// What load() gives; its Error in the language of the command line.
template <class Load>
static auto spoken_by(const Load& load) try {
  return load();
} catch (const SettingError&) {
  throw;  // to be told as a fault of the line
} catch (const Error& error) {
  throw Error(spoken(error.what(), as_flag));
}

Dataset load_spoken(const std::string& where, const Taking& taking) {
  return spoken_by([&] { return load_dataset(where, taking); });
}
Images load_spoken(const std::string& where, Split split, const Taking& taking) {
  return spoken_by([&] { return load_images(where, split, taking); });
}

bool OtherData::is_own(const Config& config) const { return data.empty() || place_of(data) == config.data; }

Images OtherData::images(const Config& config, Split split, bool whole, const std::string& label_column) const {
  Taking taking = config.taking();
  if (transpose != Transpose::as_trained) taking.transposed = transpose == Transpose::yes;
  taking.size = config.sample;
  if (!data.empty()) {  // of other data all that there is
    taking.selection = {};
    taking.whole = whole;
    if (data.ends_with(".csv") && config.units.is_table()) {
      taking.selection.columns = config.units.names;
      if (is_own(config) || condition_size(config.model.condition) > 0) taking.selection.label = config.selection.label;
    }
    if (is_own(config)) taking.selection.test = config.selection.test;
  }
  if (!label_column.empty()) taking.selection.label = label_column;
  return load_spoken(data.empty() ? config.data : data, split, taking);
}

Images OtherData::test_images(const Config& config) const {
  Images images = this->images(config, Split::test, true);
  const bool as_it_was = transpose == Transpose::as_trained || (transpose == Transpose::yes) == config.transpose;
  if (data.empty() && as_it_was && !config.test_fingerprint.empty())
    check(fingerprint(images) == config.test_fingerprint,
          "the test images of {} are not those of this run: they are {}, the run was measured on {}\n"
          "help: name the folder, as of other data, to take them all the same",
          quote(config.data), quote(fingerprint(images)), quote(config.test_fingerprint));
  return images;
}

Opened open(const RunOption& option) {
  const std::string& which = option.checkpoint_name();
  const Run run = open_run(option.folder);
  Config config = read_config(run);
  const Checkpoint checkpoint = read_checkpoint(run, which);
  const Position at = read_position(config, checkpoint);
  Vae vae = load_vae(config, checkpoint);
  return {run, std::move(config), at, std::move(vae)};
}

std::string place_of(const std::string& data) {
  if (is_generated(data)) return data;
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

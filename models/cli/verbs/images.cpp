#include "models/cli/verbs/images.h"

#include <charconv>

#include "models/cli/options.h"
#include "models/cli/print.h"
#include "models/data/one_picture.h"
#include "models/data/pictures.h"
#include "models/data/sources.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

std::array<bool, 256> labels_of(const Selection& selection, const Images& images) {
  std::array<bool, 256> chosen{};
  chosen.fill(true);
  if (!selection.classes.empty()) chosen = read_labels("classes", selection.classes, images);
  if (!selection.without.empty()) {
    const std::array<bool, 256> unwanted = read_labels("without", selection.without, images);
    for (std::size_t label = 0; label < chosen.size(); ++label) chosen[label] = chosen[label] && !unwanted[label];
  }
  return chosen;
}

Images ChosenData::images(const Config& config, const std::string& label_column) const {
  const auto of = [&](const OtherData& from, bool whole) {
    if (split != all || whole)
      return from.images(config, split == train ? Split::train : Split::test, whole, label_column);
    Images images = from.images(config, Split::train, false, label_column);
    append(images, from.images(config, Split::test, false, label_column));
    return images;
  };
  if (other.data.empty() && split == test && label_column.empty()) return other.test_images(config);
  if (other.data.empty() || has_test_set(other.data)) return of(other, false);
  if (!other.is_own(config)) return of(other, split != train);  // one set
  // What is parted is so once labels were chosen. What the run held out is taken, and whatever it never saw.
  OtherData own = other;
  own.data.clear();
  Images images = of(own, false);
  const Selection& chosen = config.selection;
  if (split == train || (chosen.classes.empty() && chosen.without.empty())) return images;
  Images rest = other.images(config, Split::test, true, label_column);
  const std::array<bool, 256> seen = labels_of(chosen, rest);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < rest.count; ++i)
    if (!seen[rest.labels[i]]) rows.push_back(i);
  keep(rest, rows);
  append(images, rest);
  return images;
}

void LabelOption::check(const Config& config, bool needed) const {
  const std::int64_t classes = condition_size(config.model.condition);
  if (label && classes == 0) throw UsageError("--label is for conditional models, which this is not");
  if (label && *label >= classes)
    throw UsageError(fmt::format("--label must be 0 to {}, which the model knows, not {}", classes - 1, *label));
  if (needed && classes > 0 && !label)
    throw UsageError(
        fmt::format("the model is conditional, so --label must say what is to be shown: 0 to {}", classes - 1));
}

std::optional<Tensor> LabelOption::condition(const Config& config, std::int64_t n) const {
  return label ? condition_of_samples(config.model.condition, label, n) : std::nullopt;
}

const Images& NamedImages::all() {
  if (!images_) images_ = data_.images(config_);
  return *images_;
}

Minibatch NamedImages::operator()(const std::string& name, const char* flag) {
  const bool conditional = condition_size(config_.model.condition) > 0;
  std::int64_t place = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), place);
  Shown shown = config_.shown();
  Minibatch one;
  if (error == std::errc() && stop == name.data() + name.size()) {
    if (place < 0 || place >= all().count)
      throw UsageError(fmt::format("{} must be from 0 to {}, for there are {} images, not {}", flag, all().count - 1,
                                   all().count, name));
    if (label_.label) shown.condition = {};
    one = test_batch(all(), std::array{place}, shown);
  } else {
    if (!is_picture_name(name))
      throw UsageError(
          fmt::format("{} must be the place of an image, from 0, or a .png or .jpg file, not {}", flag, quote(name)));
    if (config_.units.is_table() || !config_.units.shift.empty())
      throw UsageError(fmt::format("{} cannot be a picture, for the model was trained on numbers", flag));
    if (conditional && !label_.label)
      throw UsageError(
          fmt::format("{} is without a label, which the model is to be told: --label names it", quote(name)));
    shown.condition = {};
    one = test_batch(one_picture(name, config_.sample), std::array{std::int64_t{0}}, shown);
  }
  if (label_.label) one.condition = label_.condition(config_, 1);
  return one;
}

void check_ending(const char* flag, const std::string& file, const std::vector<std::string>& endings) {
  const std::string ending = fs::path(file).extension().string();
  const std::vector<std::string_view> names(endings.begin(), endings.end());
  if (std::ranges::find(names, ending) == names.end())
    throw UsageError(fmt::format("{} must end in {}, not {}", flag, one_of(names), quote(file)));
}

void GalleryOption::check() const {
  if (!out.empty()) check_ending("--out", out, {".png", ".svg", ".npy", ".csv"});
}

fs::path GalleryOption::file(const Opened& opened, const std::string& usual) const {
  if (!out.empty()) check_ending("--out", out, gallery_endings(opened.config));
  const fs::path file = out.empty() ? opened.run.folder / (usual + opened.config.ending()) : fs::path(out);
  check_writable(file);
  return file;
}

void refuse_discrete(const char* verb, const Config& config) {
  if (is_discrete(config.model.code))
    throw UsageError(
        fmt::format("{} has no meaning with --code {}: its codes are chosen from a set, and there is nothing "
                    "between them",
                    verb, config.model.code.name()));
}

void tell(const std::string& what, const fs::path& file) { print(fmt::format("{}: {}\n", what, quote(file.native()))); }

}  // namespace GRADUS

#include "models/explore/explore.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/tape.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/explore/files.h"
#include "models/explore/model_json.h"
#include "models/pictures/figures.h"
#include "models/training/streams.h"
#include "nn/files/checkpoint.h"

namespace GRADUS {

using Json = nlohmann::json;

namespace {

constexpr std::int64_t kPoints = 2000;              // of the map
constexpr std::int64_t kPictureBytes = 640 * 1000;  // of those that have their picture: 816 digits
constexpr std::int64_t kDraws = 500;                // codes for the random button

/// What tells the dimensions apart: the KL divergence of each, or where it is of all together the codes' variances.
std::vector<double> weights_of(const Encoded& code) {
  if (!code.kl.empty()) return code.kl;
  std::vector<double> variances = spread_of(code.codes).deviation;
  for (double& v : variances) v *= v;
  return variances;
}

/// Some of the images, in the order that they have.
Images some_of(const Images& images, std::uint64_t seed) {
  Rng rng{.seed = seed, .stream = stream::kShuffle};
  const Indices order = permutation(images.count, rng);
  std::vector<std::int64_t> rows(order.values.begin(), order.values.begin() + std::min(images.count, kPoints));
  std::ranges::sort(rows);
  return copied(images, rows);
}

/// The images at `rows` as bytes, as pictures show them.
std::vector<std::uint8_t> pictures(const Images& images, std::span<const std::int64_t> rows, bool scaled) {
  Tensor x({static_cast<std::int64_t>(rows.size()), images.pixels_per_image()});
  fill_batch(images, rows, x.write());
  std::vector<Real> numbers = x.values();
  if (scaled) as_grey(numbers);
  std::vector<std::uint8_t> bytes(numbers.size());
  std::ranges::transform(numbers, bytes.begin(),
                         [](Real v) { return static_cast<std::uint8_t>(255 * std::clamp<Real>(v, 0, 1) + Real(0.5)); });
  return bytes;
}

/// Text from outside may not be UTF-8, and must not end the element that it stands in.
std::string safe(const Json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace))
    text += c == '<' ? "\\u003c" : std::string{c};
  return text;
}

/// As a Content-Security-Policy names it.
std::string source_of(std::string_view hexadecimal) {
  std::string bytes;
  for (std::size_t i = 0; i < hexadecimal.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hexadecimal.substr(i, 2)), nullptr, 16));
  return "'sha256-" + base64(bytes) + "'";
}

}  // namespace

std::string explore_page(const Vae& vae, const Config& config, const Images& images, const Exhibit& exhibit) {
  check(!config.units.is_table(), "[explore] the page shows images, and the samples of this model are rows of a table");
  check(images.count > 0, "[explore] there are no images to show the codes of");
  const Pause no_derivatives;
  PackedNumbers numbers;
  const std::string model = model_json(vae, config.model, exhibit.weights, numbers);

  const Images shown = some_of(images, exhibit.seed);
  const Encoded code = encoded(vae, shown, config.shown(), images_at_once(vae, config.batch_size));
  const std::int64_t pictured = std::clamp<std::int64_t>(kPictureBytes / shown.pixels_per_image(), 1, shown.count);
  std::vector<std::int64_t> rows;  // of those that have their picture
  for (std::int64_t i = 0; i < pictured; ++i) rows.push_back(i * shown.count / pictured);
  const bool scaled = !config.units.shift.empty() && config.selection.scale != Scale::unit;
  Rng rng{.seed = exhibit.seed, .stream = stream::kPrior};
  const Tensor draws = vae.latent.prior(kDraws, rng);
  check_finite(draws.values(), "codes");

  const Json json = {
      {"title", exhibit.title},
      {"layers", layer_sizes(vae)},
      {"channels", config.sample.channels},
      {"height", config.sample.height},
      {"width", config.sample.width},
      {"scaled", scaled},
      {"bits", config.binarize != Binarize::none},
      {"latent", code.codes.shape()[1]},
      {"condition", condition_size(config.model.condition)},
      {"points", shown.count},
      {"codes", numbers.add(code.codes, PackedNumbers::Type::f32).at},
      {"weights", weights_of(code)},
      {"kl", !code.kl.empty()},
      {"labels", shown.labels},
      {"classes", shown.classes},
      {"pictured", rows},
      {"pictures", numbers.add(pictures(shown, rows, scaled))},
      {"draws", numbers.add(draws, PackedNumbers::Type::f32).at},
      {"protocol", exhibit.protocol},
      {"metrics", exhibit.metrics},
  };

  std::string page;
  const std::pair<std::string_view, std::string> parts[] = {{"style source", source_of(explore_files::kStyleHash)},
                                                            {"script source", source_of(explore_files::kScriptHash)},
                                                            {"style", std::string(explore_files::kStyle)},
                                                            {"script", std::string(explore_files::kScript)},
                                                            {"model", model},
                                                            {"data", safe(json)},
                                                            {"numbers", numbers.text()}};
  std::string_view rest = explore_files::kPage;
  for (std::size_t at; (at = rest.find("{{")) != rest.npos;) {
    const std::string_view name = rest.substr(at + 2, rest.find("}}") - at - 2);
    page += rest.substr(0, at);
    const auto* part = std::ranges::find(parts, name, [](const auto& p) { return p.first; });
    check(part != std::end(parts), "[explore] page.html wants {}", name);
    page += part->second;
    rest.remove_prefix(at + name.size() + 4);
  }
  return page += rest;
}

}  // namespace GRADUS

#include "models/evaluation/measurement.h"

#include <nlohmann/json.hpp>
#include <numeric>

#include "models/pictures/chart.h"

namespace GRADUS {

double Measurement::mean_squared_error() const {
  return std::accumulate(squared_errors.begin(), squared_errors.end(), 0.0) /
         static_cast<double>(squared_errors.size());
}

static std::string pixels_of(const Config& config, const Images& images) {
  if (!images.numbers.empty()) return "numbers scaled as in training";
  if (config.binarize != Binarize::none) return "bits drawn once and for all";
  return dequantizes(config.model.likelihood) ? "grey, with noise between the levels drawn once and for all" : "grey";
}

static std::string estimator_of(Pricing pricing) {
  if (pricing == Pricing::none) return "none: the likelihood at the code of each image";
  const char* kl = pricing == Pricing::drawn ? "KL divergence at the draw" : "KL divergence in closed form";
  return fmt::format("one draw of z per image from a fixed stream, {}", kl);
}

Measurement measure(const Config& config, const Vae& vae, const Images& images, const Measuring& what,
                    const std::function<void(std::int64_t done)>& progress) {
  const Pricing pricing = config.model.pricing();
  const bool weighs = pricing == Pricing::drawn || pricing == Pricing::stopped;
  const Measure measured = gradus::measure(config.model.likelihood, config.binarize != Binarize::none);
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  Measurement found{.bound = evaluate(vae, images, config.shown(), at_once)};
  found.squared_errors = squared_errors(vae, images, config.shown(), at_once);
  if (weighs) {
    found.units = active_units(vae, images, config.shown(), at_once);
    if (images.count > 1) found.gap = aggregate_gap(vae, images, config.shown(), at_once);
    if (what.draws > 0) found.importance = importance(vae, images, config.shown(), what.draws, progress);
  }
  if (const auto elbo = found.bound.elbo())
    found.bits_per_dimension = measured.bits_per_dimension(*elbo, config.sample.numel());
  if (found.importance)
    found.importance_bits_per_dimension =
        measured.bits_per_dimension(found.importance->log_likelihood, config.sample.numel());
  found.images = images.count;
  found.protocol = protocol_of(config, fingerprint(images),
                               found.importance ? kImportance
                               : found.bound.kl ? kElbo
                                                : kReconstruction,
                               found.importance ? what.draws : 1, what.checkpoint);
  found.further = {
      {"place", what.data},
      {"pixels", pixels_of(config, images)},
      {"measures", measured.what},
      {"condition", config.model.condition.name()},
      {"code", config.model.code.name()},
      {"objective", config.objective.kind.name()},
      {"elbo_estimator", estimator_of(pricing)},
      {"importance_estimator", found.importance ? "draws from q(z|x), each image's from a fixed stream" : ""},
      {"progress", what.progress},
      {"program", what.program}};
  return found;
}

// ----- as files -------------------------------------------------------------------------------------------------------

namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

std::string json_of(const Measurement& found) {
  const auto& [bound, importance, units, gap, bits, importance_bits, errors, images, protocol, further] = found;
  Json json{{"elbo", or_null(bound.elbo())},
            {"log_likelihood", bound.log_likelihood},
            {"kl", or_null(bound.kl)},
            {"importance_log_likelihood", importance ? Json(importance->log_likelihood) : Json()},
            {"importance_standard_error", importance ? Json(importance->standard_error) : Json()},
            {"importance_effective_draws", importance ? Json(importance->effective_draws) : Json()},
            {"importance_curve", Json()},
            {"importance_still_rises", importance ? Json(importance->still_rises()) : Json()},
            {"bits_per_dimension", or_null(bits)},
            {"importance_bits_per_dimension", or_null(importance_bits)},
            {"mean_squared_error", found.mean_squared_error()},
            {"active_units", units ? Json(units->count()) : Json()},
            {"kl_by_dimension", bound.kl ? Json(bound.kl_by_dimension) : Json()},
            {"aggregate_mmd_squared", gap ? Json(gap->squared) : Json()},
            {"aggregate_mmd_null_95", gap ? Json(gap->null_quantile95) : Json()},
            {"aggregate_mmd_p_value", gap ? Json(gap->p_value) : Json()}};
  if (importance) {
    json["importance_curve"] = Json::array();
    for (const auto& [draws, value] : importance->curve)
      json["importance_curve"].push_back({{"draws", draws}, {"log_likelihood", value}});
  }
  for (const Figure& figure : bound.figures) json[figure.name] = figure.value;
  json["protocol"] = Json::parse(to_json(protocol));
  json["protocol"]["images"] = images;
  for (const auto& [name, text] : further) json["protocol"][name] = text;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string table_of(const Measurement& found, const Images& images) {
  std::string text =
      "image,label,elbo,log_likelihood,kl,importance_log_likelihood,importance_effective_draws,squared_error\n";
  for (std::size_t i = 0; i < found.squared_errors.size(); ++i) {
    const auto& bound = found.bound;
    const auto cell = [&](const std::vector<double>& each) {
      return each.empty() ? "" : fmt::format("{:.7g}", each[i]);
    };
    const std::vector<double> none;
    const std::string elbo =
        bound.kl ? fmt::format("{:.7g}", bound.each_log_likelihood[i] - bound.each_kl[i]) : std::string();
    text += fmt::format("{},{},{},{},{},{},{},{}\n", i, images.labels.empty() ? "" : fmt::to_string(images.labels[i]),
                        elbo, cell(bound.each_log_likelihood), cell(bound.each_kl),
                        cell(found.importance ? found.importance->each : none),
                        cell(found.importance ? found.importance->each_effective : none), cell(found.squared_errors));
  }
  return text;
}

std::string picture_of(const Measurement& found) {
  const auto by_dimension = [](const std::vector<double>& numbers) {
    std::vector<double> places(numbers.size());
    std::iota(places.begin(), places.end(), 0);
    return Series{"", places, numbers};
  };
  std::vector<Panel> panels;
  if (found.bound.kl)
    panels.push_back({"KL divergence by dimension",
                      "dimension of the code",
                      "nats",
                      {by_dimension(found.bound.kl_by_dimension)},
                      true});
  if (found.units) {
    panels.push_back({fmt::format("{} active units: how far the code moves", found.units->count()),
                      "dimension of the code",
                      "variance of the posterior mean",
                      {by_dimension(found.units->variances())},
                      true});
  }
  if (found.importance && found.importance->curve.size() > 1) {
    Series curve;
    for (const auto& [draws, value] : found.importance->curve) {
      curve.x.push_back(static_cast<double>(draws));
      curve.y.push_back(value);
    }
    panels.push_back(
        {"log p(x) by importance sampling", "draws for each image", "nats per image", {curve}, false, true});
  }
  if (panels.empty()) {
    const Series errors = by_dimension(found.squared_errors);
    panels.push_back({"squared error of a pixel", "image", "mean over its pixels", {errors}});
  }
  return chart("What was measured of a model", panels);
}

}  // namespace GRADUS

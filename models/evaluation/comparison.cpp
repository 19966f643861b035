#include "models/evaluation/comparison.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "models/training/curves.h"
#include "models/training/metrics.h"
#include "models/training/run.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

/// What is shown of the numbers, in this order.
constexpr struct {
  const char *name, *heading, *format;
} kNumbers[] = {{"epoch", "epochs", "{:.0f}"},
                {"elbo", "ELBO", "{:.4f}"},
                {"log_likelihood", "log-likelihood", "{:.4f}"},
                {"kl", "KL", "{:.4f}"},
                {"importance_log_likelihood", "importance", "{:.4f}"},
                {"importance_standard_error", "±", "{:.4f}"},
                {"bits_per_dimension", "bits/dimension", "{:.4f}"},
                {"mean_squared_error", "squared error", "{:.6f}"},
                {"active_units", "active units", "{:.0f}"}};

std::string cell(const Measured& model, const char* name, const char* format) {
  const auto found = model.numbers.find(name);
  return found == model.numbers.end() ? "-" : fmt::format(fmt::runtime(format), found->second);
}

std::string lines_of(const Protocol& protocol, const char* indent) {
  std::string text;
  protocol.parts([&](const char* name, const auto& part) { text += fmt::format("{}{:<14} {}\n", indent, name, part); });
  return text;
}

}  // namespace

Measured measured_run(const Run& run) {
  const Config config = read_config(run);
  const std::int64_t done = read_position(config, read_checkpoint(run, "last")).epoch;
  check(done > 0, "{} has no epoch that is done", quote(run.folder.native()));
  Measured found{.name = run.folder.native(),
                 .protocol = protocol_of(config, config.test_fingerprint,
                                         config.model.pricing() == Pricing::none ? kReconstruction : kElbo, 1, "last"),
                 .curves = columns_in(read_metrics(run, config, done))};
  for (const auto& [column, name] : {std::pair("epoch", "epoch"),
                                     {"test_elbo", "elbo"},
                                     {"test_kl", "kl"},
                                     {"test_log_likelihood", "log_likelihood"},
                                     {"active_units", "active_units"}})
    if (const auto& numbers = found.curves.at(column); !numbers.empty() && std::isfinite(numbers.back()))
      found.numbers[name] = numbers.back();
  return found;
}

Measured measured_json(const std::filesystem::path& file) try {
  const auto json = nlohmann::json::parse(read_file(file, 1 << 24));
  Measured found{.name = file.native(), .protocol = protocol_from_json(json.at("protocol").dump())};
  for (const auto& [key, value] : json.items())
    if (value.is_number()) found.numbers[key] = value.get<double>();
  return found;
} catch (const nlohmann::json::exception&) {
  throw Error(fmt::format("{} is not the JSON of an evaluation", quote(file.native())));
}

std::string how_they_differ(std::span<const Measured> models) {
  std::string text;
  for (std::size_t m = 1; m < models.size(); ++m)
    for (const std::string& part : differences(models[0].protocol, models[m].protocol))
      text += fmt::format("{}{} and {} differ in {}", text.empty() ? "" : "\n", quote(models[0].name),
                          quote(models[m].name), part);
  return text;
}

std::string side_by_side(std::span<const Measured> models) {
  const std::string differ = how_they_differ(models);
  check(differ.empty(), "{}", differ);
  std::vector<std::vector<std::string>> rows(models.size() + 1);
  for (std::size_t m = 0; m < models.size(); ++m) rows[m + 1].push_back(models[m].name);
  rows[0].push_back("");
  for (const auto& number : kNumbers) {
    if (std::ranges::none_of(models, [&](const Measured& model) { return model.numbers.contains(number.name); }))
      continue;
    rows[0].push_back(number.heading);
    for (std::size_t m = 0; m < models.size(); ++m) rows[m + 1].push_back(cell(models[m], number.name, number.format));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      std::size_t width = 0;
      for (const auto& other : rows) width = std::max(width, other[c].size());
      text += c == 0 ? fmt::format("{:<{}}", row[c], width) : fmt::format("  {:>{}}", row[c], width);
    }
    text += '\n';
  }
  return text + '\n' + lines_of(models[0].protocol, "");
}

std::string apart(std::span<const Measured> models) {
  std::string text;
  for (const Measured& model : models) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", model.name);
    for (const auto& number : kNumbers)
      if (model.numbers.contains(number.name))
        text += fmt::format("  {:<14} {}\n", number.heading, cell(model, number.name, number.format));
    text += lines_of(model.protocol, "  ");
  }
  return text;
}

std::string compared_curves(std::span<const Measured> models, bool apart) {
  std::vector<Panel> panels;
  const auto series = [](const Measured& model, const char* column, const std::string& name) -> std::optional<Series> {
    const auto found = model.curves.find(column);
    if (found == model.curves.end() || std::ranges::none_of(found->second, [](double y) { return std::isfinite(y); }))
      return std::nullopt;
    return Series{name, model.curves.at("epoch"), found->second};
  };
  for (const CurvesPanel& shown : curves_panels()) {
    const auto& [column, side] = shown.columns.back();  // of the test images, where there is one
    const std::string title = fmt::format("{}{}{}", shown.title, *side ? ", " : "", side);
    Panel together{.title = title, .across = "epoch", .up = shown.unit, .series = {}};
    for (const Measured& model : models) {
      const auto curve = series(model, column, apart ? "" : model.name);
      if (!curve) continue;
      if (apart)
        panels.push_back({fmt::format("{}: {}", model.name, title), "epoch", shown.unit, {*curve}});
      else
        together.series.push_back(*curve);
    }
    if (!together.series.empty()) panels.push_back(std::move(together));
  }
  return panels.empty() ? "" : chart("Curves of several trainings", panels);
}

}  // namespace GRADUS

#include "models/training/curves.h"

#include <algorithm>
#include <cmath>

#include "models/training/metrics.h"

namespace GRADUS {

std::vector<CurvesPanel> curves_panels() {
  return {{"ELBO", "nats per image", {{"train_elbo", "train"}, {"test_elbo", "test"}}},
          {"log-likelihood, given the code",
           "nats per image",
           {{"train_log_likelihood", "train"}, {"test_log_likelihood", "test"}}},
          {"KL divergence", "nats per image", {{"test_kl", "test"}}},
          {"active units", "latent dimensions", {{"active_units", "test"}}},
          {"gradient norm", "before clipping", {{"gradient_norm", "train"}}},
          {"beta", "weight of the KL divergence", {{"beta", ""}}},
          {"capacity", "nats", {{"capacity", ""}}}};
}

std::string curves(const std::string& table) {
  const auto columns = columns_in(table);
  std::vector<Panel> panels;
  for (const CurvesPanel& shown : curves_panels()) {
    Panel panel{.title = shown.title, .across = "epoch", .up = shown.unit, .series = {}};
    for (const auto& [column, name] : shown.columns) {
      const auto found = columns.find(column);
      if (found == columns.end() || std::ranges::all_of(found->second, [](double x) { return std::isnan(x); }))
        continue;
      panel.series.push_back({name, columns.at("epoch"), found->second});
    }
    if (!panel.series.empty()) panels.push_back(std::move(panel));
  }
  return chart("Curves of a training", panels);
}

}  // namespace GRADUS

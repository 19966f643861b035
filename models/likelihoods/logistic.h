// The logistic likelihood: nearly a Gaussian, with heavier tails, and a scale for each pixel. discretized_logistic.h is
// the same for the 256 levels that pixels really have.
//
//   log p(x|z) = -Σ a + 2·log(1 + e⁻ᵃ) + log s    a = (x - μ)/s, μ = y₀, log s = y₁ softly above log(min_scale)
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

struct LogisticLikelihood {
  static constexpr const char* kName = "logistic";
  static constexpr const char* kHelp = "with location and scale of each pixel from the decoder";
  double min_scale = kLeastScale;

  void settings(auto&& is) { is("min_scale", min_scale, kScales, kScalesHelp); }

  std::int64_t numbers() const { return 2; }
  Logistic operator()(const Tensor& y) const {
    return {.loc = plane(y, 0), .log_scale = softly_above(plane(y, 1), std::log(min_scale))};
  }
  Measure measure(bool) const {
    return {fmt::format("density of pixels in [0, 1], logistic of scales above {}", min_scale)};
  }

  void members(auto&& visit) { visit("min_scale", min_scale); }
};

}  // namespace GRADUS

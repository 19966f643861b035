// The Laplace likelihood: absolute error, which forgives what is far off, with a scale for each pixel.
//
//   log p(x|z) = -Σ |x - μ|/b + log 2b    μ = y₀, log b = y₁ softly above log(min_scale)
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

struct LaplaceLikelihood {
  static constexpr const char* kName = "laplace";
  static constexpr const char* kHelp = "with location and scale of each pixel from the decoder";
  double min_scale = kLeastScale;

  void settings(auto&& is) { is("min_scale", min_scale, kScales, kScalesHelp); }

  std::int64_t numbers() const { return 2; }
  Laplace operator()(const Tensor& y) const {
    return {.loc = plane(y, 0), .log_scale = softly_above(plane(y, 1), std::log(min_scale))};
  }
  Measure measure(bool) const {
    return {fmt::format("density of pixels in [0, 1], Laplace of scales above {}", min_scale)};
  }

  void members(auto&& visit) { visit("min_scale", min_scale); }
};

}  // namespace GRADUS

// The Gaussian likelihood whose mean and variance both come from the decoder, for each pixel. Kingma, Welling 2013,
// appendix C.2.
//
//   log p(x|z) = -½ Σ (x - μ)²/σ² + log 2πσ²    μ = y₀, log σ = y₁ softly above log(min_scale)
//
// Where pixels have exactly one value, σ falls as far as it may: the floor is part of what a number of it means.
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

struct FreeGaussianLikelihood {
  static constexpr const char* kName = "free-gaussian";
  static constexpr const char* kHelp = "with mean and variance of each pixel from the decoder";
  double min_scale = kLeastScale;

  void settings(auto&& is) { is("min_scale", min_scale, kScales, kScalesHelp); }

  std::int64_t numbers() const { return 2; }
  Normal operator()(const Tensor& y) const {
    return {.loc = plane(y, 0), .log_variance = 2 * softly_above(plane(y, 1), std::log(min_scale))};
  }
  Measure measure(bool) const {
    return {fmt::format("density of pixels in [0, 1], Gaussian of standard deviations above {}", min_scale)};
  }

  void members(auto&& visit) { visit("min_scale", min_scale); }
};

}  // namespace GRADUS

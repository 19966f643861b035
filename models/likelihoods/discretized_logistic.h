// The discretized logistic likelihood: a probability of the 256 levels of a pixel, each that of its bin under a logistic
// distribution, the first and the last with the tails. Kingma et al. 2016; Salimans, Karpathy, Chen, Kingma 2017.
//
//   P(x|z) = σ((x + 1/510 - μ)/s) - σ((x - 1/510 - μ)/s)    μ = y₀, log s = y₁ softly above kLeastLogScale
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

/// PixelCNN++'s floor of log s, there of pixels in [-1, 1]: a level then has nearly all of the probability.
inline constexpr double kLeastLogScale = -7 - 0.69314718055994531;
inline constexpr const char* kLevels = "probability of 256 grey levels";

struct DiscretizedLogisticLikelihood {
  static constexpr const char* kName = "discretized-logistic";
  static constexpr const char* kHelp = "256 levels as bins of a logistic, its location and scale from the decoder";

  std::int64_t numbers() const { return 2; }
  DiscretizedLogistic operator()(const Tensor& y) const {
    return {.loc = plane(y, 0), .log_scale = softly_above(plane(y, 1), kLeastLogScale)};
  }
  Measure measure(bool) const { return {kLevels, 0}; }
};

}  // namespace GRADUS

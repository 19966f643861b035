// The Gaussian likelihood of variance 1 around what the decoder says: squared error, up to a constant.
//
//   log p(x|z) = -½ Σ (x - y)² + log 2π
//
// Pixels in [0, 1] vary by much less than 1, so that a code is hardly worth its price, and the posterior may collapse;
// shared_gaussian.h is the cure (Rybkin, Daniilidis, Levine 2021).
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

struct GaussianLikelihood {
  static constexpr const char* kName = "gaussian";
  static constexpr const char* kHelp = "around the decoder's output, with variance 1";

  std::int64_t numbers() const { return 1; }
  UnitNormal operator()(const Tensor& y) const { return {y}; }
  Measure measure(bool) const { return {"density of pixels in [0, 1], Gaussian of variance 1"}; }
};

}  // namespace GRADUS

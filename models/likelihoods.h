// The likelihoods p(x|z), a kind each: what it is called, how many numbers it takes from the decoder for each number of
// x, and the distribution that they make. Settings of a kind are listed like all settings, parameters of its own like a
// module's members.
//
// y is what the decoder says: (…, D), or (…, numbers, D) where a likelihood takes several.
#pragma once

#include "models/settings.h"
#include "nn/distributions.h"
#include "nn/module.h"

namespace GRADUS {

/// Plane `i` of y: (…, numbers, D) -> (…, D).
inline Tensor plane(const Tensor& y, std::int64_t i) {
  return reshape(slice(y, -2, i, i + 1), y.shape().without(y.rank() - 2));
}

/// A Bernoulli for each pixel, by its logit. A mass for bits; for grey pixels x·log p + (1 - x)·log(1 - p).
struct BernoulliLikelihood {
  static constexpr const char* kName = "bernoulli";
  static constexpr const char* kHelp = "black or white, by the logit of white";
  static constexpr std::int64_t kNumbers = 1;

  Bernoulli operator()(const Tensor& y) const { return {y}; }
};

/// A Gaussian of variance 1 around what the decoder says.
struct GaussianLikelihood {
  static constexpr const char* kName = "gaussian";
  static constexpr const char* kHelp = "around the decoder's output, with variance 1";
  static constexpr std::int64_t kNumbers = 1;

  UnitNormal operator()(const Tensor& y) const { return {y}; }
};

using Likelihoods = Choice<BernoulliLikelihood, GaussianLikelihood>;

}  // namespace GRADUS

// The Bernoulli likelihood: black or white, each pixel by the logit of white.
//
//   log p(x|z) = Σ x·log λ + (1 - x)·log(1 - λ)    λ = sigmoid(y)
//
// A probability for bits. Of grey pixels the same sum is the usual training loss, but the logarithm of nothing: the
// density that it would take is the continuous Bernoulli (Loaiza-Ganem, Cunningham 2019).
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

struct BernoulliLikelihood {
  static constexpr const char* kName = "bernoulli";
  static constexpr const char* kHelp = "black or white, by the logit of white";

  std::int64_t numbers() const { return 1; }
  Bernoulli operator()(const Tensor& y) const { return {y}; }
  Measure measure(bool bits) const {
    if (bits) return {"probability of bits", 0};
    return {"x·log p + (1 - x)·log(1 - p) of grey pixels, neither a probability nor a density"};
  }
};

}  // namespace GRADUS

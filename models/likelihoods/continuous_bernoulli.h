// The continuous Bernoulli likelihood: a density of grey pixels in [0, 1] of the Bernoulli's form. Loaiza-Ganem,
// Cunningham 2019.
//
//   log p(x|z) = Σ log C(λ) + x·log λ + (1 - x)·log(1 - λ)    λ = sigmoid(y)
//
// Pixels of exactly 0 or 1 let the density grow without limit, so two choices are part of what a number of it means.
// The authors' are the defaults: λ is clipped to [1e-4, 1 - 1e-4], and a level k of 256 becomes (k + u)/256 with u
// uniform in [0, 1).
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

/// What becomes of the 256 levels of grey pixels where a density is asked for: (k + u)/256, or k/255 as they are.
enum class Dequantize { uniform, none };

struct ContinuousBernoulliLikelihood {
  static constexpr const char* kName = "continuous-bernoulli";
  static constexpr const char* kHelp = "the density of grey pixels that has the Bernoulli's form";
  double lambda_clip = 1e-4;
  Dequantize dequantize = Dequantize::uniform;

  void settings(auto&& is) {
    static constexpr Word<Dequantize> kDequantize[] = {{"uniform", Dequantize::uniform}, {"none", Dequantize::none}};
    is("lambda_clip", lambda_clip, RealRange{.min = 0, .max = 0.5, .below_max = true},
       "least distance of λ = sigmoid(logit) from 0 and 1; 0: none");
    is("dequantize", dequantize, kDequantize,
       "grey level k of 256 as (k + u)/256 with u uniform in [0, 1), or as k/255");
  }

  std::int64_t numbers() const { return 1; }
  ContinuousBernoulli operator()(const Tensor& y) const {
    if (lambda_clip == 0) return {y};
    const auto most = static_cast<Real>(std::log1p(-lambda_clip) - std::log(lambda_clip));
    return {clamp(y, -most, most)};
  }
  /// The mean of it, which pictures show, is not λ.
  Measure measure(bool bits) const {
    const std::string clipped =
        lambda_clip == 0 ? "λ not clipped" : fmt::format("λ clipped to [{0}, 1 - {0}]", lambda_clip);
    if (bits) return {fmt::format("density at 0 and 1, {}", clipped)};
    if (dequantize == Dequantize::none) return {fmt::format("density of grey pixels k/255, {}", clipped)};
    return {fmt::format("density of grey pixels (k + u)/256, {}", clipped), 8};
  }

  void members(auto&& visit) {
    visit("lambda_clip", lambda_clip);
    visit("dequantize", dequantize);
  }
};

}  // namespace GRADUS

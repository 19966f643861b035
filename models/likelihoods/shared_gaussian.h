// The Gaussian likelihood with one variance for all pixels of all images, which is learnt in closed form: whatever the
// decoder says, the likeliest variance is the mean squared error. Rybkin, Daniilidis, Levine 2021 (σ-VAE).
//
//   log p(x|z) = -½ Σ (x - y)²/σ² + log 2πσ²    in training σ² = mean (x - y)² over the batch, plus least σ²
//
// In evaluation the running mean of those σ² stands, for a likelihood may not depend on what else is in a batch.
#pragma once

#include "models/likelihoods/likelihood.h"

namespace GRADUS {

/// A Gaussian whose variance fits what it is asked about, and is remembered.
struct FittedNormal {
  Tensor loc;
  double least_variance;
  Buffer* running;  // null: the variance is `given`
  Tensor given{};

  Tensor mean() const { return loc; }
  Tensor log_prob(const Tensor& x) const {
    if (!running) return Normal{loc, log(given)}.log_prob(x);
    const Tensor off = x - loc;
    const Tensor variance = gradus::mean(off * off) + static_cast<Real>(least_variance);
    constexpr Real kMomentum = Real(0.1);  // BatchNorm's
    running->value = detach(running->value * (1 - kMomentum) + detach(variance) * kMomentum);
    return Normal{loc, log(variance)}.log_prob(x);
  }
};

struct SharedGaussianLikelihood {
  static constexpr const char* kName = "shared-gaussian";
  static constexpr const char* kHelp = "around the decoder's output, with one variance for all pixels, the likeliest";
  double min_scale = kLeastScale;
  mutable Buffer variance{scalar(1)};  // (): of evaluation; training moves it although the likelihood is const

  void settings(auto&& is) { is("min_scale", min_scale, kScales, kScalesHelp); }

  std::int64_t numbers() const { return 1; }
  FittedNormal operator()(const Tensor& y, Context& context) const {
    return {y, min_scale * min_scale, context.training ? &variance : nullptr, variance.value};
  }
  Measure measure(bool) const { return {"density of pixels in [0, 1], Gaussian of one variance for all"}; }

  void members(auto&& visit) {
    visit("min_scale", min_scale);
    visit("variance", variance);
  }
};

}  // namespace GRADUS

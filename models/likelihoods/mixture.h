// The mixture likelihood: a probability of the 256 levels of a pixel by a weighted choice between K discretized
// logistics, so that a pixel may be either dark or bright. Salimans, Karpathy, Chen, Kingma 2017 (PixelCNN++).
//
//   P(x|z) = Σ w[k]·P(x | μ[k], s[k])    w = softmax(y₀), μ[k] = y₁[k] + (k + ½)/K, log s = y₂ softly above its floor
//
// The decoder's output begins near 0: the constant in μ sets the components apart from the start.
#pragma once

#include "models/likelihoods/discretized_logistic.h"

namespace GRADUS {

struct MixtureLikelihood {
  static constexpr const char* kName = "mixture";
  static constexpr const char* kHelp = "256 levels by a mixture of discretized logistics, all from the decoder";
  std::int64_t components = 5;

  void settings(auto&& is) { is("components", components, IntegerRange{1, 256}, "logistics in the mixture"); }

  std::int64_t numbers() const { return 3 * components; }
  Mixture<DiscretizedLogistic> operator()(const Tensor& y) const {
    const std::vector<Tensor> part = split(transpose(y), 3, -1);  // (…, D, K) each
    Tensor apart({components});
    Real* at = apart.write().data;
    for (std::int64_t k = 0; k < components; ++k)
      at[k] = (static_cast<Real>(k) + Real(0.5)) / static_cast<Real>(components);
    return {.logits = part[0],
            .component = {.loc = part[1] + apart, .log_scale = softly_above(part[2], kLeastLogScale)}};
  }
  Measure measure(bool) const { return {kLevels, 0}; }

  void members(auto&& visit) { visit("components", components); }
};

}  // namespace GRADUS

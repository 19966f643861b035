// The categorical likelihood: a probability of the 256 levels of a pixel that knows nothing of their order. Van den Oord,
// Kalchbrenner, Kavukcuoglu 2016 (PixelRNN).
//
//   P(x = k/255 | z) = softmax(y)[k]
#pragma once

#include "models/likelihoods/discretized_logistic.h"

namespace GRADUS {

/// One of 256 levels for each pixel, by logits (…, 256, D).
struct CategoricalLevels {
  Tensor logits;

  /// x (…, D) is levels 0, 1/255, …, 1; its leading axes broadcast with those of the logits.
  Tensor log_prob(const Tensor& x) const {
    const Tensor level = reshape(x * 255, x.shape().inserted(x.rank() - 1, 1));  // (…, 1, D)
    const Tensor chosen = abs(level - numbered()) < scalar(Real(0.5));           // (…, 256, D)
    return sum(where(chosen, logits, scalar(0)), -2) - logsumexp(logits, -2);
  }
  Tensor mean() const { return sum(softmax(logits, -2) * numbered(), -2) / 255; }

 private:
  /// 0, 1, …, 255 as (256, 1).
  static Tensor numbered() {
    Tensor k({256, 1});
    Real* at = k.write().data;
    for (int i = 0; i < 256; ++i) at[i] = static_cast<Real>(i);
    return k;
  }
};

struct CategoricalLikelihood {
  static constexpr const char* kName = "categorical";
  static constexpr const char* kHelp = "256 levels, a logit for each from the decoder";

  std::int64_t numbers() const { return 256; }
  CategoricalLevels operator()(const Tensor& y) const { return {y}; }
  Measure measure(bool) const { return {kLevels, 0}; }
};

}  // namespace GRADUS

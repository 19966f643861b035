// Bernoulli: 0 or 1, by the logit of the probability of 1.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct Bernoulli {
  Tensor logits;

  /// 0 or 1, the rarer one at its rate however small that is; NaN where the logit is NaN.
  Tensor sample(Rng& rng) const;
  /// x·log p + (1 - x)·log(1 - p), exact for finite logits of any size; x anywhere in [0, 1].
  Tensor log_prob(const Tensor& x) const;
  Tensor entropy() const;
  /// sigmoid(logits)
  Tensor mean() const;
};

}  // namespace GRADUS

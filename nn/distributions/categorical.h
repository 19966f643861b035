// Categorical: one of K classes, by logits along the last axis.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct Categorical {
  Tensor logits;  // (…, K), K ≥ 1; only their differences matter, and -inf is the logit of probability 0

  /// Classes (…), also rare ones at their rate; Error where a row holds NaN or inf, or nothing but -inf.
  Indices sample(Rng& rng) const;
  /// (…) -> (…)
  Tensor log_prob(const Indices& classes) const;
  /// Of classes as one-hot vectors: (…, K) -> (…).
  Tensor log_prob(const Tensor& one_hot) const;
  /// (…)
  Tensor entropy() const;
  /// The probabilities (…, K): the mean of one-hot vectors.
  Tensor mean() const;
};

/// Between categoricals of as many classes: (…, K), (…, K) -> (…).
Tensor kl_divergence(const Categorical& q, const Categorical& p);

}  // namespace GRADUS

// ContinuousBernoulli: the density on [0, 1] that makes the Bernoulli's formula right for grey pixels.
// Loaiza-Ganem, Cunningham 2019.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

/// The density e^(η·x - A(η)) for x in [0, 1] with logits η, where A(η) = log((e^η - 1)/η) is the logarithm of its
/// normaliser. With λ = sigmoid(η) it is C(λ)·λˣ·(1 - λ)¹⁻ˣ.
struct ContinuousBernoulli {
  Tensor logits;

  Tensor sample(Rng& rng) const;
  /// By the inverse of the distribution function.
  Tensor rsample(Rng& rng) const;
  /// η·x - A(η); x anywhere in [0, 1].
  Tensor log_prob(const Tensor& x) const;
  /// A(η) - η·A'(η): 0 at η = 0, negative elsewhere.
  Tensor entropy() const;
  /// A'(η) = 1/(1 - e^-η) - 1/η. It is not λ: that would be the Bernoulli's.
  Tensor mean() const;
  /// A''(η)
  Tensor variance() const;
};

/// (η - η')·A'(η) - A(η) + A(η') for logits η of q and η' of p.
Tensor kl_divergence(const ContinuousBernoulli& q, const ContinuousBernoulli& p);

}  // namespace GRADUS

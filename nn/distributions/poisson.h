// Poisson: counts of what happens independently at a rate, by the logarithm of the rate.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct Poisson {
  Tensor log_rate;  // log λ; -inf is the logarithm of the rate 0, at which nothing happens

  /// 0, 1, 2, …; beyond 2^24 (2^53) the nearest count that Real has.
  Tensor sample(Rng& rng) const;
  /// x·log λ - λ - log x!, without the digits that large counts would lose in it; x = 0, 1, 2, …
  Tensor log_prob(const Tensor& x) const;
  /// Always an Error: the entropy has no closed form.
  Tensor entropy() const;
  /// λ
  Tensor mean() const;
  /// λ
  Tensor variance() const;
};

/// λ' - λ - λ·log(λ'/λ) for rates λ of q and λ' of p.
Tensor kl_divergence(const Poisson& q, const Poisson& p);

}  // namespace GRADUS

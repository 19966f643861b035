// Probability distributions over tensors of independent elements. All densities and divergences are per element,
// in nats; sum over the axes that belong to one sample.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace gradus::inline GRADUS_FLAVOUR {

struct StandardNormal {};

/// The Gaussian of each element, by mean and log-variance (both of one shape, or broadcasting).
struct Normal {
  Tensor mean, log_variance;

  /// mean + σ·ε with ε ~ N(0, 1): the reparameterization trick, differentiable by mean and log-variance
  /// (Kingma, Welling 2013).
  Tensor rsample(Rng& rng) const;
  /// The same for draws ε given: of mean's shape, or broadcasting with it.
  Tensor rsample(const Tensor& noise) const;
  /// The same without derivatives.
  Tensor sample(Rng& rng) const;
  /// -½(log 2π + log σ² + (x - mean)²/σ²)
  Tensor log_prob(const Tensor& x) const;
};

/// The Gaussian with mean as given and variance 1.
struct UnitNormal {
  Tensor mean;

  Tensor sample(Rng& rng) const;
  /// -½(log 2π + (x - mean)²)
  Tensor log_prob(const Tensor& x) const;
};

/// 0 or 1, by the logit of the probability of 1.
struct Bernoulli {
  Tensor logits;

  /// sigmoid(logits)
  Tensor mean() const;
  /// 0 or 1; no derivative.
  Tensor sample(Rng& rng) const;
  /// x·log p + (1 - x)·log(1 - p), exact for logits of any size; x anywhere in [0, 1].
  Tensor log_prob(const Tensor& x) const;
};

/// KL(q ‖ N(0, 1)) = ½(mean² + e^(log σ²) - 1 - log σ²), without cancellation near σ = 1.
Tensor kl_divergence(const Normal& q, const StandardNormal& p);
/// KL(q ‖ p) between Gaussians.
Tensor kl_divergence(const Normal& q, const Normal& p);

}  // namespace gradus::inline GRADUS_FLAVOUR

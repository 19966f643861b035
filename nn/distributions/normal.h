// Normal: the Gaussian of each element, by its location and its log-variance.
#pragma once

#include "autograd/ops.h"
#include "nn/distributions/unit_normal.h"
#include "tensor/random.h"

namespace GRADUS {

struct Normal {
  Tensor loc, log_variance;  // μ and log σ², broadcasting

  /// μ + σ·ε with ε ~ N(0, 1): the reparameterization trick, differentiable by μ and log σ² (Kingma, Welling 2013).
  Tensor rsample(Rng& rng) const;
  /// The same for draws ε given: of loc's shape, or broadcasting with it.
  Tensor rsample(const Tensor& noise) const;
  Tensor sample(Rng& rng) const;
  /// -½(log 2π + log σ² + (x - μ)²/σ²)
  Tensor log_prob(const Tensor& x) const;
  /// ½(1 + log 2π + log σ²)
  Tensor entropy() const;
  Tensor mean() const;
};

/// KL(q ‖ N(0, 1)) = ½(μ² + (e^v - 1 - v)) for v = log σ².
Tensor kl_divergence(const Normal& q, const StandardNormal& p);

}  // namespace GRADUS

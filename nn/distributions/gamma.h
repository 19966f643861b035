// Gamma: positive numbers, by the logarithms of its shape (here called concentration) and of its rate.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct Gamma {
  Tensor log_concentration, log_rate;  // log α and log β, broadcasting

  Tensor sample(Rng& rng) const;
  /// Differentiable by both parameters, to second order as well: by α implicitly, as the draw that keeps its place in
  /// the distribution function F does, dx/dα = -∂F/∂α / (∂F/∂x) (Figurnov, Mohamed, Mnih 2018). Never 0: at least the
  /// least normal number (over β), which small α come to.
  Tensor rsample(Rng& rng) const;
  /// α·log β - log Γ(α) + (α - 1)·log x - β·x, without the digits that a large α would lose in it; x ≥ 0.
  Tensor log_prob(const Tensor& x) const;
  /// α - log β + log Γ(α) + (1 - α)·ψ(α)
  Tensor entropy() const;
  /// α/β
  Tensor mean() const;
  /// α/β²
  Tensor variance() const;
};

/// (α - α')·ψ(α) - log Γ(α) + log Γ(α') + α'·log(β/β') + α·(β' - β)/β for α and β of q, α' and β' of p.
Tensor kl_divergence(const Gamma& q, const Gamma& p);

/// Draws of the gamma distribution with rate 1, differentiable by log α as Gamma::rsample is.
Tensor standard_gamma(const Tensor& log_concentration, Rng& rng);

}  // namespace GRADUS

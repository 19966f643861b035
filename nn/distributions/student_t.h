// StudentT: like a Gaussian, but with tails that fall off as a power of the distance.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct StudentT {
  Tensor log_df, loc, log_scale;  // log ν (ν = 1: Cauchy; ν → ∞: Normal), μ and log s, broadcasting

  Tensor sample(Rng& rng) const;
  /// μ + s·ε·√(½ν/g), ε ~ N(0, 1), g ~ Gamma(½ν, 1): differentiable by all parameters.
  Tensor rsample(Rng& rng) const;
  /// log Γ(½(ν + 1)) - log Γ(½ν) - ½·log πν - log s - ½(ν + 1)·log(1 + y²/ν) with y = (x - μ)/s
  Tensor log_prob(const Tensor& x) const;
  /// ½(ν + 1)·(ψ(½(ν + 1)) - ψ(½ν)) + ½·log ν + log B(½ν, ½) + log s
  Tensor entropy() const;
  /// μ; NaN where ν ≤ 1.
  Tensor mean() const;
  /// s²·ν/(ν - 2); infinite where ν ≤ 2, NaN where ν ≤ 1.
  Tensor variance() const;
};

}  // namespace GRADUS

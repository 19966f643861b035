// Logistic: the distribution whose distribution function is sigmoid((x - μ)/s).
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct Logistic {
  Tensor loc, log_scale;  // μ and log s, broadcasting

  Tensor sample(Rng& rng) const;
  /// By the inverse of the distribution function.
  Tensor rsample(Rng& rng) const;
  /// -y - 2·log(1 + e⁻ʸ) - log s with y = (x - μ)/s
  Tensor log_prob(const Tensor& x) const;
  /// 2 + log s
  Tensor entropy() const;
  Tensor mean() const;
};

}  // namespace GRADUS

// Laplace: the double exponential, by its location and the logarithm of its scale.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

struct Laplace {
  Tensor loc, log_scale;  // μ and log b, broadcasting

  Tensor sample(Rng& rng) const;
  /// By the inverse of the distribution function.
  Tensor rsample(Rng& rng) const;
  /// -|x - μ|/b - log 2b; the derivative of |x - μ| at 0 is 0.
  Tensor log_prob(const Tensor& x) const;
  /// 1 + log 2b
  Tensor entropy() const;
  Tensor mean() const;
};

}  // namespace GRADUS

// DiscretizedLogistic: the 256 grey levels of a pixel, as bins of a logistic distribution. Kingma et al. 2016 (inverse
// autoregressive flow); Salimans, Karpathy, Chen, Kingma 2017 (PixelCNN++).
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

/// Levels 0, 1/255, …, 1. A level has the logistic's mass within 1/510 of it; the first and the last take the tails as
/// well.
struct DiscretizedLogistic {
  Tensor loc, log_scale;  // of the logistic, in the unit of x, broadcasting

  /// One of the levels.
  Tensor sample(Rng& rng) const;
  /// x is a level. Exact also where the level's mass is too small for a Real.
  Tensor log_prob(const Tensor& x) const;
  /// Exact: a sum over the levels, as many times the work of log_prob.
  Tensor entropy() const;
  /// Of the levels, not of the logistic. Exact: a sum of 255 sigmoids.
  Tensor mean() const;
};

/// Exact: a sum over the levels.
Tensor kl_divergence(const DiscretizedLogistic& q, const DiscretizedLogistic& p);

}  // namespace GRADUS

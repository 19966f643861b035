// Gaussians without a free variance: UnitNormal with a location, and StandardNormal, the usual prior.
#pragma once

#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {

inline constexpr Real kLogTwo = static_cast<Real>(0.69314718055994530942L);
inline constexpr Real kLogTwoPi = static_cast<Real>(1.83787706640934548356L);

/// The Gaussian around `loc` with variance 1.
struct UnitNormal {
  Tensor loc;

  Tensor sample(Rng& rng) const;
  /// loc + ε with ε ~ N(0, 1)
  Tensor rsample(Rng& rng) const;
  /// -½(log 2π + (x - loc)²)
  Tensor log_prob(const Tensor& x) const;
  /// ½(1 + log 2π)
  Tensor entropy() const;
  Tensor mean() const { return loc; }
};

/// The Gaussian with mean 0 and variance 1.
struct StandardNormal {
  Shape shape{};  // of its draws; beside tensors of another shape it broadcasts

  Tensor sample(Rng& rng) const { return normal(shape, rng); }
  /// The same: there is no parameter to differentiate by.
  Tensor rsample(Rng& rng) const { return normal(shape, rng); }
  Tensor log_prob(const Tensor& x) const { return UnitNormal{mean()}.log_prob(x); }
  Tensor entropy() const { return UnitNormal{mean()}.entropy(); }
  Tensor mean() const { return zeros(shape); }
};

}  // namespace GRADUS

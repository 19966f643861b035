// A mixture of Gaussians fitted to codes, to draw new ones from: for models whose codes do not lie where their prior says
// (Ghosh, Sajjadi, Vergari, Black, Schölkopf 2020).
#pragma once

#include <vector>

#include "tensor/random.h"

namespace GRADUS {

struct GaussianMixture {
  Tensor weights;               // (K), which add up to 1
  Tensor means;                 // (K, Z)
  std::vector<Tensor> factors;  // K times (Z, Z): L, lower triangular, with covariance L·Lᵀ

  /// (n, Z), each component of so many times its deviation.
  Tensor draw(std::int64_t n, Rng& rng, Real temperature = 1) const;
  /// log Σ w·N(z), (N, Z) -> (N), in nats.
  Tensor log_prob(const Tensor& codes) const;
};

/// By expectation and maximization (Dempster, Laird, Rubin 1977) from means that are codes far from each other (Arthur,
/// Vassilvitskii 2007), until a round gains less than 1e-3 nats per code, 200 rounds at most. Covariances are whole, and
/// a millionth of the codes' mean variance is added to them. Error unless codes (N, Z) are at least K ≥ 1.
GaussianMixture fit_mixture(const Tensor& codes, std::int64_t K, Rng& rng);

}  // namespace GRADUS

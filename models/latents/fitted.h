// A Gaussian fitted to codes: what an autoencoder, which has no prior, draws from.
#pragma once

#include "nn/module.h"

namespace GRADUS {

/// N(mean, L·Lᵀ) by the mean and covariance of the codes that it was last shown; the standard normal before.
struct FittedGaussian {
  Buffer mean, factor;  // (Z), (Z, Z): L, lower triangular

  explicit FittedGaussian(std::int64_t latent);
  /// codes (N, Z). What varies with nothing of its own keeps variance 0.
  void fit(const Tensor& codes);
  /// (n, Z)
  Tensor draw(std::int64_t n, Rng& rng) const;

  void members(auto&& visit) {
    visit("mean", mean);
    visit("factor", factor);
  }
};

}  // namespace GRADUS

// A Gaussian fitted to codes: what an autoencoder, which has no prior, draws from.
#pragma once

#include "nn/init.h"
#include "nn/module.h"

namespace GRADUS {

/// L, lower triangular, with L·Lᵀ = the covariance (Z, Z), in double. A pivot that is nothing but rounding is that of a
/// direction without variance, and its column is 0.
Tensor cholesky(const Tensor& covariance);

/// N(mean, L·Lᵀ) by the mean and the covariance of the codes that it was last shown; the standard normal before that.
struct FittedGaussian {
  Buffer mean, factor;  // (Z), (Z, Z): L, lower triangular

  /// Error for more than kMost dimensions: their covariances are the square of them. Of Init::none zeros.
  FittedGaussian(std::int64_t latent, Init init);
  static constexpr std::int64_t kMost = 4096;
  /// codes (N, Z), N ≥ 1. A direction in which they do not vary, to rounding, has variance 0.
  void fit(const Tensor& codes);
  /// (n, Z), of so many times the deviation
  Tensor draw(std::int64_t n, Rng& rng, Real temperature = 1) const;

  void members(auto&& visit) {
    visit("mean", mean);
    visit("factor", factor);
  }
};

}  // namespace GRADUS

// The codes of images, and what codes are decoded to, so many at once.
#pragma once

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

struct Encoded {
  Tensor codes;                      // (N, Z): the one that stands for each image
  std::optional<Tensor> deviations;  // (N, Z): σ of q(z|x), of latents that have its moments
  std::vector<double> kl;            // (Z): nats, the mean over images; empty where it does not split by dimension
};

/// All images, so many at once. NumericError when a code is not finite, Error when there are no images.
Encoded encoded(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once);

/// (N, Z): a draw from q(z|x) for each image, which together are draws from the aggregate Σ q(z|x) / N; of latents
/// without a q(z|x) their codes.
Tensor aggregate(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once, Rng& rng);

/// The mean of p(x|z) at codes (n, Z), (n·D) numbers, under their condition (n, C) if there is one. NumericError when
/// they are not finite.
std::vector<Real> decoded(const Vae& vae, const Tensor& codes, const std::optional<Tensor>& condition,
                          std::int64_t at_once);

/// Mean and deviation of each column of (N, Z), in double.
struct Spread {
  std::vector<double> mean, deviation;
};
Spread spread_of(const Tensor& codes);
/// Those of the prior by dimension, by 4,096 draws.
Spread prior_spread(const Latent& latent);

/// NumericError unless all numbers are finite. `what`: "codes", "images"
void check_finite(std::span<const Real> numbers, const char* what);

}  // namespace GRADUS

// The linear Gaussian model (probabilistic PCA): the one variational autoencoder of which everything is known exactly.
// Tipping, Bishop 1999; Lucas, Tucker, Grosse, Norouzi 2019.
//
//   p(z) = N(0, 1)    p(x|z) = N(Wz + b, 1), the columns of W orthogonal    m = 1 + ‖column‖²
//   p(x) = N(b, WWᵀ + 1)    p(z|x) = N(Wᵀ(x - b)/m, 1/m)
//   q(z|x) is p(z|x), but in its first dimension moved by `shift` and its variance e^stretch times as large
//
// What the K draws of a bound fall short of log p(x) is then the same for every x: gap(K), an integral over K normals.
#pragma once

#include <span>

#include "models/image_decoder.h"
#include "models/latents/gaussian.h"
#include "models/likelihoods/gaussian.h"

namespace GRADUS {

struct LinearGaussian {
  static constexpr std::int64_t kData = 6, kLatent = 3;  // a column of W in every two of x

  double column[kLatent][2];
  double offset[kData];
  double shift = 0, stretch = 0;

  /// With directions and offsets from the generator.
  explicit LinearGaussian(Rng& rng);

  /// The parts of the model, in the program's own structs.
  GaussianLatent latent() const;
  ImageDecoder<GaussianLikelihood> decoder() const;
  /// n draws x from p(x), (n, D) in a row.
  std::vector<double> draw(std::int64_t n, Rng& rng) const;

  double log_p(std::span<const double> x) const;  // nats
  double kl(std::span<const double> x) const;     // KL(q(z|x) ‖ p(z))
  /// log p(x) - E log 1/K Σ w, for K = 1 (which is KL(q(z|x) ‖ p(z|x))) or 2.
  double gap(int K) const;
  /// -(∂/∂shift + ∂/∂stretch) gap(K): how fast the bound rises as q changes so.
  double slope(int K) const;

 private:
  double precision(std::int64_t d) const { return 1 + column[d][0] * column[d][0] + column[d][1] * column[d][1]; }
  double posterior_mean(std::span<const double> x, std::int64_t d) const;
};

}  // namespace GRADUS

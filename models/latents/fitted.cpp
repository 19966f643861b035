#include "models/latents/fitted.h"

#include <cmath>
#include <limits>

#include "autograd/ops.h"

namespace GRADUS {

FittedGaussian::FittedGaussian(std::int64_t latent, Init init) {
  check(latent <= kMost, "[fitted] a Gaussian is fitted to codes of at most {} dimensions, not {}", kMost, latent);
  Rng unused;
  mean.value = initial_weight(Init::none, {latent}, 1, 1, unused);
  factor.value = initial_weight(Init::none, {latent, latent}, 1, 1, unused);
  if (init == Init::none) return;
  const View L = factor.value.write();
  for (std::int64_t i = 0; i < latent; ++i) L(i, i) = 1;
}

void FittedGaussian::fit(const Tensor& codes) {
  const Pause no_derivatives;
  const std::int64_t N = codes.shape()[0], Z = codes.shape()[1];
  mean.value = gradus::mean(codes, 0);
  const Tensor centred = codes - mean.value;
  const Tensor covariance = matmul(transpose(centred), centred) / static_cast<Real>(N);  // (Z, Z)
  const ConstView c = covariance.view();
  // Cholesky's factor, in double. A pivot that is nothing but rounding is that of a direction without variance.
  const double rounding = static_cast<double>(Z) * std::numeric_limits<Real>::epsilon();
  std::vector<double> L(static_cast<std::size_t>(Z * Z));
  const auto at = [&](std::int64_t i, std::int64_t j) -> double& { return L[static_cast<std::size_t>(i * Z + j)]; };
  for (std::int64_t j = 0; j < Z; ++j) {
    double pivot = c(j, j);
    for (std::int64_t k = 0; k < j; ++k) pivot -= at(j, k) * at(j, k);
    if (!(pivot > rounding * c(j, j))) continue;
    at(j, j) = std::sqrt(pivot);
    for (std::int64_t i = j + 1; i < Z; ++i) {
      double sum = c(i, j);
      for (std::int64_t k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
      at(i, j) = sum / at(j, j);
    }
  }
  Tensor fresh({Z, Z});
  const View out = fresh.write();
  for (std::int64_t i = 0; i < Z; ++i)
    for (std::int64_t j = 0; j < Z; ++j) out(i, j) = static_cast<Real>(at(i, j));
  factor.value = fresh;
}

Tensor FittedGaussian::draw(std::int64_t n, Rng& rng) const {
  return mean.value + matmul(normal({n, mean.value.numel()}, rng), transpose(factor.value));
}

}  // namespace GRADUS

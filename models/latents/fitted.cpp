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

Tensor cholesky(const Tensor& covariance) {
  const std::int64_t Z = covariance.shape()[0];
  const ConstView c = covariance.view();
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
  Tensor factor({Z, Z});
  const View out = factor.write();
  for (std::int64_t i = 0; i < Z; ++i)
    for (std::int64_t j = 0; j < Z; ++j) out(i, j) = static_cast<Real>(at(i, j));
  return factor;
}

void FittedGaussian::fit(const Tensor& codes) {
  const Pause no_derivatives;
  mean.value = gradus::mean(codes, 0);
  const Tensor centred = codes - mean.value;
  factor.value = cholesky(matmul(transpose(centred), centred) / static_cast<Real>(codes.shape()[0]));  // (Z, Z)
}

Tensor FittedGaussian::draw(std::int64_t n, Rng& rng, Real temperature) const {
  return mean.value + matmul(normal({n, mean.value.numel()}, rng) * temperature, transpose(factor.value));
}

}  // namespace GRADUS

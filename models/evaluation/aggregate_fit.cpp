#include "models/evaluation/aggregate_fit.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/ops.h"
#include "models/latents/fitted.h"

namespace GRADUS {

/// The inverse of a lower triangular L, (Z, Z).
static Tensor inverse_of(const Tensor& factor) {
  const std::int64_t Z = factor.shape()[0];
  const ConstView L = factor.view();
  std::vector<double> inverse(Z * Z);
  for (std::int64_t j = 0; j < Z; ++j)
    for (std::int64_t i = j; i < Z; ++i) {
      double sum = i == j;
      for (std::int64_t k = j; k < i; ++k) sum -= static_cast<double>(L(i, k)) * inverse[k * Z + j];
      inverse[i * Z + j] = sum / static_cast<double>(L(i, i));
    }
  Tensor out({Z, Z});
  std::ranges::copy(inverse, out.write().data);
  return out;
}

/// log w + log N(z), (N, Z) -> (N, K).
static Tensor joint(const GaussianMixture& mixture, const Tensor& codes) {
  const std::int64_t K = mixture.means.shape()[0], Z = codes.shape()[1];
  std::vector<Tensor> columns;
  for (std::int64_t k = 0; k < K; ++k) {
    const Tensor centred = codes - slice(mixture.means, 0, k, k + 1);                // (N, Z)
    const Tensor unit = matmul(centred, transpose(inverse_of(mixture.factors[k])));  // (N, Z)
    double log_det = 0;
    for (std::int64_t i = 0; i < Z; ++i) log_det += std::log(static_cast<double>(mixture.factors[k].view()(i, i)));
    const double constant = log_det + 0.5 * static_cast<double>(Z) * std::log(2 * std::numbers::pi);
    columns.push_back(sum(unit * unit, -1) / -2 - static_cast<Real>(constant));  // (N)
  }
  return stack(columns, 1) + log(mixture.weights);
}

Tensor GaussianMixture::log_prob(const Tensor& codes) const {
  const Pause no_derivatives;
  return logsumexp(joint(*this, codes), {1});
}

/// A place drawn in proportion to weights that are not negative, the last with any where rounding leaves none.
static std::int64_t chosen(std::span<const double> weights, double uniform) {
  double all = 0;
  for (const double weight : weights) all += weight;
  double left = uniform * all;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) last = static_cast<std::int64_t>(i);
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

/// Codes far from each other, (K, Z): each in proportion to its squared distance from those chosen before it.
static Tensor begun(const Tensor& codes, std::int64_t K, Rng& rng) {
  const std::vector<Real> places = uniform({K}, rng).values();
  std::vector<double> distance(codes.shape()[0], 1);
  std::vector<Tensor> means;
  for (std::int64_t k = 0; k < K; ++k) {
    const std::int64_t which = chosen(distance, static_cast<double>(places[k]));
    means.push_back(slice(codes, 0, which, which + 1));
    const Tensor off = codes - means.back();
    const std::vector<Real> squares = sum(off * off, -1).values();
    for (std::size_t i = 0; i < squares.size(); ++i)
      distance[i] = k == 0 ? squares[i] : std::min(distance[i], static_cast<double>(squares[i]));
  }
  return concat(means, 0);
}

/// L of the covariance of codes (N, Z) around `mean` (1, Z) with weights (N, 1), to whose diagonal `ridge` is added.
static Tensor factor_of(const Tensor& codes, const Tensor& mean, const Tensor& weights, Real ridge) {
  const Tensor centred = codes - mean;
  Tensor covariance = matmul(transpose(centred * weights), centred);
  const View c = covariance.write();
  for (std::int64_t i = 0; i < c.shape[0]; ++i) c(i, i) += ridge;
  Tensor factor = cholesky(covariance);
  const View L = factor.write();  // a direction that is nothing but rounding has the ridge's deviation
  for (std::int64_t i = 0; i < L.shape[0]; ++i) L(i, i) = std::max(L(i, i), std::sqrt(ridge));
  return factor;
}

GaussianMixture fit_mixture(const Tensor& codes, std::int64_t K, Rng& rng) {
  check(codes.rank() == 2 && K >= 1 && codes.shape()[0] >= K, "[fit_mixture] {} Gaussians are not fitted to codes {}",
        K, codes.shape());
  const Pause no_derivatives;
  const std::int64_t N = codes.shape()[0];
  const Tensor mean_of_all = mean(codes, 0, keepdim);
  const Tensor off = codes - mean_of_all;
  const Real ridge = std::max(mean(off * off).item() * Real(1e-6), std::numeric_limits<Real>::min());
  const Tensor even = full({N, 1}, Real(1) / static_cast<Real>(N));
  GaussianMixture mixture{.weights = full({K}, Real(1) / static_cast<Real>(K)),
                          .means = begun(codes, K, rng),
                          .factors = std::vector<Tensor>(K, factor_of(codes, mean_of_all, even, ridge))};
  double before = 0;
  for (int round = 0; round < 200; ++round) {
    const Tensor log_joint = joint(mixture, codes), evidence = logsumexp(log_joint, {1}, keepdim);
    const double now = static_cast<double>(mean(evidence).item());
    if (round > 0 && !(now - before > 1e-3)) break;
    before = now;
    const Tensor share = exp(log_joint - evidence);        // (N, K): which component each code is of
    const Tensor count = max(sum(share, 0), Real(1e-10));  // (K)
    mixture.weights = count / sum(count);
    const Tensor relative = share / count;               // (N, K): columns add up to 1
    mixture.means = matmul(transpose(relative), codes);  // (K, Z)
    for (std::int64_t k = 0; k < K; ++k)
      mixture.factors[k] = factor_of(codes, slice(mixture.means, 0, k, k + 1), slice(relative, 1, k, k + 1), ridge);
  }
  return mixture;
}

Tensor GaussianMixture::draw(std::int64_t n, Rng& rng, Real temperature) const {
  const Pause no_derivatives;
  const std::vector<Real> places = uniform({n}, rng).values(), shares = weights.values();
  const std::vector<double> each(shares.begin(), shares.end());
  const Tensor noise = normal({n, means.shape()[1]}, rng) * temperature;
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t k = chosen(each, static_cast<double>(places[i]));
    rows.push_back(slice(means, 0, k, k + 1) + matmul(slice(noise, 0, i, i + 1), transpose(factors[k])));
  }
  return concat(rows, 0);
}

}  // namespace GRADUS

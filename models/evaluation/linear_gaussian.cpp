#include "models/evaluation/linear_gaussian.h"

#include <cmath>
#include <numbers>

namespace GRADUS {

LinearGaussian::LinearGaussian(Rng& rng) {
  const std::vector<Real> angle = uniform({kLatent}, rng).values(), at = normal({kData}, rng).values();
  for (std::int64_t d = 0; d < kLatent; ++d) {
    const double length = 0.8 + 0.4 * static_cast<double>(d), turn = 2 * std::numbers::pi * angle[d];
    // As Real holds them, for these are the model's weights.
    column[d][0] = static_cast<Real>(length * std::cos(turn));
    column[d][1] = static_cast<Real>(length * std::sin(turn));
  }
  for (std::int64_t i = 0; i < kData; ++i) offset[i] = at[i];
}

/// A matrix of which every entry is given by its place.
template <class At>
static Tensor filled(std::int64_t rows, std::int64_t columns, const At& at) {
  Tensor x({rows, columns});
  Real* to = x.write().data;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) *to++ = static_cast<Real>(at(r, c));
  return x;
}
static Tensor as_row(const Tensor& x) { return reshape(x, {x.numel()}); }

GaussianLatent LinearGaussian::latent() const {
  Rng unused;
  Linear mean(kData, kLatent, Init::none, unused), log_variance = mean;
  mean.weight = filled(
      kLatent, kData, [&](std::int64_t d, std::int64_t i) { return i / 2 == d ? column[d][i % 2] / precision(d) : 0; });
  mean.bias = as_row(filled(1, kLatent, [&](std::int64_t, std::int64_t d) {
    const double at_offset = column[d][0] * offset[2 * d] + column[d][1] * offset[2 * d + 1];
    return (d == 0 ? shift : 0) - at_offset / precision(d);
  }));
  log_variance.weight = zeros({kLatent, kData});
  log_variance.bias = as_row(filled(
      1, kLatent, [&](std::int64_t, std::int64_t d) { return (d == 0 ? stretch : 0) - std::log(precision(d)); }));
  return {{.in = {kData}, .steps = {}}, std::move(mean), std::move(log_variance), Head::log_variance};
}

ImageDecoder<GaussianLikelihood> LinearGaussian::decoder() const {
  Rng unused;
  Network network = NetworkBuilder({kLatent}, Init::none, unused).linear("output", kData).build();
  auto& output = std::get<Linear>(network.steps[0].layer);
  output.weight =
      filled(kData, kLatent, [&](std::int64_t i, std::int64_t d) { return i / 2 == d ? column[d][i % 2] : 0; });
  output.bias = as_row(filled(1, kData, [&](std::int64_t, std::int64_t i) { return offset[i]; }));
  return {std::move(network), {}};
}

std::vector<double> LinearGaussian::draw(std::int64_t n, Rng& rng) const {
  const std::vector<Real> z = normal({n, kLatent}, rng).values(), noise = normal({n, kData}, rng).values();
  std::vector<double> x(noise.begin(), noise.end());
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t i = 0; i < kData; ++i)
      x[r * kData + i] =
          static_cast<Real>(x[r * kData + i] + offset[i] + column[i / 2][i % 2] * z[r * kLatent + i / 2]);
  return x;
}

double LinearGaussian::posterior_mean(std::span<const double> x, std::int64_t d) const {
  return (column[d][0] * (x[2 * d] - offset[2 * d]) + column[d][1] * (x[2 * d + 1] - offset[2 * d + 1])) / precision(d);
}

double LinearGaussian::log_p(std::span<const double> x) const {
  double sum = kData * std::log(2 * std::numbers::pi);
  for (std::int64_t i = 0; i < kData; ++i) sum += (x[i] - offset[i]) * (x[i] - offset[i]);
  for (std::int64_t d = 0; d < kLatent; ++d) {
    const double mean = posterior_mean(x, d);
    sum += std::log(precision(d)) - mean * mean * precision(d);
  }
  return -sum / 2;
}

double LinearGaussian::kl(std::span<const double> x) const {
  double sum = 0;
  for (std::int64_t d = 0; d < kLatent; ++d) {
    const double mean = posterior_mean(x, d) + (d == 0 ? shift : 0);
    const double log_variance = (d == 0 ? stretch : 0) - std::log(precision(d));
    sum += (mean * mean + std::exp(log_variance) - 1 - log_variance) / 2;
  }
  return sum;
}

// By one draw ε, log w - log p(x) = ½ stretch + ½ ε² - ½ (shift·√m + e^(stretch/2)·ε)². Trapezoids converge faster than any
// power of their width where everything dies away like a normal density.
double LinearGaussian::gap(int K) const {
  const double away = shift * std::sqrt(precision(0)), wide = std::exp(stretch / 2);
  if (K == 1) return (wide * wide - 1 - stretch + away * away) / 2;
  constexpr int kSteps = 100;
  constexpr double kWidth = 0.09;  // up to ±9
  std::vector<double> log_w, density;
  for (int i = -kSteps; i <= kSteps; ++i) {
    const double e = i * kWidth, z = away + wide * e;
    log_w.push_back((stretch + e * e - z * z) / 2);
    density.push_back(kWidth * std::exp(-e * e / 2) / std::sqrt(2 * std::numbers::pi));
  }
  double sum = 0;
  for (std::size_t i = 0; i < log_w.size(); ++i)
    for (std::size_t k = 0; k < log_w.size(); ++k) {
      const double most = std::max(log_w[i], log_w[k]), least = std::min(log_w[i], log_w[k]);
      sum += density[i] * density[k] * (most + std::log1p(std::exp(least - most)) - std::numbers::ln2);
    }
  return -sum;
}

double LinearGaussian::slope(int K) const {
  constexpr double kStep = 1e-4;  // its error is about the square of it
  LinearGaussian more = *this, less = *this;
  more.shift += kStep, more.stretch += kStep;
  less.shift -= kStep, less.stretch -= kStep;
  return (less.gap(K) - more.gap(K)) / (2 * kStep);
}

}  // namespace GRADUS

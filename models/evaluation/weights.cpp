#include "models/evaluation/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace GRADUS {

// NaN among them comes out of the sum.
static double largest(std::span<const double> log_weights) {
  double most = -std::numeric_limits<double>::infinity();
  for (const double w : log_weights) most = std::max(most, w);
  return most;
}

double log_mean_exp(std::span<const double> log_weights) {
  if (log_weights.size() == 1) return log_weights[0];
  const double most = largest(log_weights);
  if (std::isinf(most)) return most;
  double sum = 0;
  for (const double w : log_weights) sum += std::exp(w - most);
  return most + std::log(sum / static_cast<double>(log_weights.size()));
}

double effective_sample_size(std::span<const double> log_weights) {
  const double most = largest(log_weights);
  double sum = 0, squares = 0;
  for (const double w : log_weights) {
    const double weight = std::exp(w - most);
    sum += weight;
    squares += weight * weight;
  }
  return sum * sum / squares;
}

std::vector<std::int64_t> halvings(std::int64_t n) {
  std::vector<std::int64_t> all;
  for (; n > 0; n /= 2) all.insert(all.begin(), n);
  return all;
}

std::vector<double> bounds_by_draws(std::span<const double> log_weights) {
  std::vector<double> bounds;
  for (const std::int64_t draws : halvings(std::ssize(log_weights))) {
    const auto size = static_cast<std::size_t>(draws), groups = log_weights.size() / size;
    double sum = 0;
    for (std::size_t i = 0; i < groups; ++i) sum += log_mean_exp(log_weights.subspan(i * size, size));
    bounds.push_back(sum / static_cast<double>(groups));
  }
  return bounds;
}

}  // namespace GRADUS

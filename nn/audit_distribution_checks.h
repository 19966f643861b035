// The checks of audit_distribution (nn/audit_distribution.h). Each gives the sentence of its row, or throws another.
#pragma once

#include "nn/audit_checks.h"
#include "nn/audit_distribution.h"

namespace GRADUS::detail {

inline constexpr std::int64_t kDraws = 20'000;
inline constexpr double kSigmas = 5;       // that a mean of draws may be off
inline constexpr double kIntegral = 1e-4;  // and an integral

/// What is audited, and what the first checks leave for others.
struct Trial {
  AnyMaker maker;
  std::vector<Tensor> parameters;
  DistributionAuditOptions options;
  Shape shape{};                              // of a draw
  std::int64_t size = 0;                      // its elements
  std::vector<double> draws{};                // kDraws of each, (draw, element)
  std::vector<double> x{}, weight{}, mass{};  // points of the integral or sum, (point, element); weight times density
  std::int64_t points = 0;

  AnyDistribution distribution() const { return maker.make(parameters); }
  double draw(std::int64_t i, std::int64_t element) const { return draws[i * size + element]; }
};

std::vector<double> wide(const Tensor& x);
/// The parameters n times along a new first axis.
std::vector<Tensor> repeated(std::span<const Tensor> parameters, std::int64_t n);
/// Numbers for each element, (n, …).
Tensor as_tensor(const Trial& s, const std::vector<double>& numbers);

// nn/audit_distribution_draws.cpp
std::string check_log_prob(Trial& s);
std::string check_normalisation(Trial& s);
std::string check_draws(Trial& s);
std::string check_mean(Trial& s);
std::string check_entropy(Trial& s);
std::string check_repetition(Trial& s);
std::string check_nan(Trial& s);
// nn/audit_distribution_gradients.cpp
std::string check_gradient(Trial& s);
std::string check_second_gradient(Trial& s);
std::string check_rsample(Trial& s);
std::string check_divergence(Trial& s);

}  // namespace GRADUS::detail

// audit_distribution: what every distribution should do, tried on yours.
//
//   audit_distribution([](auto in) { return Laplace{in[0], in[1]}; }, {loc, log_scale});
//
// prints a table, as audit_layer does, and returns it:
//
//   normalisation     ok      the mass is 1 but for 2.1e-07
//   draws             FAILED  element 0: the draws are 0.21 off their distribution function, and 0.019 is allowed
#pragma once

#include <limits>

#include "nn/audit.h"
#include "nn/distributions/kl_divergence.h"

namespace GRADUS {

struct DistributionAuditOptions {
  bool print = true;  // the table, to the standard output
  // The values that a draw may have: any number from low to high, or low, low + step, … where step is not 0.
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity(), step = 0;
};

namespace detail {

/// A distribution behind functions; those that it lacks are empty. Draws that are indices count as numbers.
struct AnyDistribution {
  std::function<Tensor(const Tensor& x)> log_prob;
  std::function<Tensor(Rng&)> sample, rsample;
  std::function<Tensor()> entropy, mean;
};
struct AnyMaker {
  std::function<AnyDistribution(std::span<const Tensor>)> make;
  std::function<Tensor(std::span<const Tensor>, std::span<const Tensor>)> kl;
};

Tensor as_numbers(const Indices& draws);
Indices as_indices(const Tensor& x);

template <class D>
AnyDistribution any_distribution(const D& p) {
  AnyDistribution any;
  if constexpr (std::same_as<decltype(p.sample(std::declval<Rng&>())), Indices>) {
    any.sample = [p](Rng& rng) { return as_numbers(p.sample(rng)); };
    any.log_prob = [p](const Tensor& x) { return p.log_prob(as_indices(x)); };
  } else {
    any.sample = [p](Rng& rng) { return p.sample(rng); };
    any.log_prob = [p](const Tensor& x) { return p.log_prob(x); };
    if constexpr (requires { p.mean(); }) any.mean = [p] { return p.mean(); };  // of indices it is that of one-hot rows
  }
  if constexpr (requires(Rng& rng) { p.rsample(rng); }) any.rsample = [p](Rng& rng) { return p.rsample(rng); };
  if constexpr (requires { p.entropy(); }) any.entropy = [p] { return p.entropy(); };
  return any;
}

Audit audit_distribution(const AnyMaker& maker, std::vector<Tensor> parameters,
                         const DistributionAuditOptions& options);

}  // namespace detail

/// Tries the following on the distribution that `make` builds of tensors like `parameters` (small ones do; `make` is
/// also given them repeated along a new first axis). A check that throws has failed, with what it says.
///
///   log_prob         has the shape of the draws, and is a number for each of them
///   normalisation    the density has the integral 1, the probabilities the sum 1
///   draws            20,000 of them follow that distribution function, or have those probabilities
///   mean             is that of the draws
///   entropy          is the integral, or the sum, of -p·log p
///   gradient         of log_prob and of kl_divergence by the parameters against central differences
///   second gradient  the same for the gradient itself
///   rsample          draws what sample draws, and its derivatives average to those of the integral
///   divergence       kl_divergence to a distribution nearby is what log q - log p averages to; it is 0 to itself and
///                    not below 0 to one next to it
///   repetition       the same generator gives the same bits, with any number of threads
///   NaN              a parameter that is NaN gives draws and log-probabilities that are NaN, or an Error
///
/// What draws show they show with a bound that a right distribution exceeds for one seed in a million. Integrals are
/// taken where the draws are, with tails as long as a Cauchy distribution's.
template <class Make>
Audit audit_distribution(const Make& make, std::vector<Tensor> parameters,
                         const DistributionAuditOptions& options = {}) {
  using In = std::span<const Tensor>;
  return detail::audit_distribution({[make](In in) { return detail::any_distribution(make(in)); },
                                     [make](In q, In p) { return kl_divergence(make(q), make(p)); }},
                                    std::move(parameters), options);
}

}  // namespace GRADUS

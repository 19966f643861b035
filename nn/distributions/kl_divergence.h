// KL divergences between distributions: exact where a closed form is known here, otherwise an error that names both.
#pragma once

#include <typeinfo>

#include "nn/distributions/bernoulli.h"
#include "nn/distributions/continuous_bernoulli.h"
#include "nn/distributions/laplace.h"
#include "nn/distributions/logistic.h"
#include "nn/distributions/normal.h"

namespace GRADUS {

/// KL(q ‖ p) between Gaussians.
Tensor kl_divergence(const Normal& q, const Normal& p);
/// q·log(q/p) + (1 - q)·log((1 - q)/(1 - p)) with the probabilities q and p of 1.
Tensor kl_divergence(const Bernoulli& q, const Bernoulli& p);
/// log(b'/b) + b/b'·e^(-d/b) + d/b' - 1 with the scales b and b' and the distance d of the locations.
Tensor kl_divergence(const Laplace& q, const Laplace& p);
// To a Laplace distribution, only the mean distance of q from its location matters beside q's entropy.
Tensor kl_divergence(const Normal& q, const Laplace& p);
Tensor kl_divergence(const Logistic& q, const Laplace& p);
// To a Gaussian, only the mean and the variance of q matter beside its entropy.
Tensor kl_divergence(const Laplace& q, const Normal& p);
Tensor kl_divergence(const Logistic& q, const Normal& p);
Tensor kl_divergence(const ContinuousBernoulli& q, const Normal& p);

/// The same distribution with its variance written out.
inline Normal as_normal(const UnitNormal& p) { return {p.loc, scalar(0)}; }
inline Normal as_normal(const StandardNormal& p) { return {p.mean(), scalar(0)}; }

/// What has log-probabilities, of tensors or of indices.
template <class D>
concept Distribution = requires(const D& d, const Tensor& x) {
  { d.log_prob(x) } -> std::same_as<Tensor>;
} || requires(const D& d, const Indices& x) {
  { d.log_prob(x) } -> std::same_as<Tensor>;
};

namespace detail {
[[noreturn]] void no_closed_form(const std::type_info& q, const std::type_info& p);
}

/// For pairs that have no function of their own: an Error that names them, unless one can be written as a Normal
/// (as_normal). A closed form for your own distribution is a function kl_divergence(q, p) beside it.
template <Distribution Q, Distribution P>
Tensor kl_divergence(const Q& q, const P& p) {
  if constexpr (requires { as_normal(q); })
    return kl_divergence(as_normal(q), p);
  else if constexpr (requires { as_normal(p); })
    return kl_divergence(q, as_normal(p));
  else
    detail::no_closed_form(typeid(Q), typeid(P));
}

}  // namespace GRADUS

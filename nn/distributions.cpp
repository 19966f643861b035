#include "nn/distributions.h"

#include "autograd/elementwise.h"

namespace gradus::inline GRADUS_FLAVOUR {

static const Real kLogTwoPi = static_cast<Real>(std::log(2 * std::numbers::pi));

Tensor Normal::rsample(Rng& rng) const {
  return rsample(normal(broadcast("rsample", mean.shape(), log_variance.shape()), rng));
}

Tensor Normal::rsample(const Tensor& noise) const {
  return elementwise<"reparameterize">([](auto mean, auto log_variance, auto noise) {
    return mean + exp(log_variance / 2) * noise; }, mean, log_variance, noise);
}

Tensor Normal::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor Normal::log_prob(const Tensor& x) const {
  return elementwise<"normal_log_prob">([c = kLogTwoPi](auto x, auto mean, auto log_variance) {
    const auto off = x - mean;
    return -0.5 * (c + log_variance + off * off * exp(-log_variance)); }, x, mean, log_variance);
}

Tensor UnitNormal::sample(Rng& rng) const {
  const Pause no_derivatives;
  return mean + normal(mean.shape(), rng);
}

Tensor UnitNormal::log_prob(const Tensor& x) const {
  return elementwise<"unit_normal_log_prob">([c = kLogTwoPi](auto x, auto mean) {
    const auto off = x - mean;
    return -0.5 * (c + off * off); }, x, mean);
}

Tensor Bernoulli::mean() const { return sigmoid(logits); }

Tensor Bernoulli::sample(Rng& rng) const {
  return elementwise<"bernoulli_sample">([](auto u, auto logits) { return where(u < sigmoid(logits), 1, 0); },
                                         uniform(logits.shape(), rng), logits);
}

Tensor Bernoulli::log_prob(const Tensor& x) const {
  return elementwise<"bernoulli_log_prob">([](auto x, auto l) {
    const auto minus_size = where(l > 0, -l, l);  // -|l|, with the derivative of a branch at 0
    return where(l > 0, (x - 1) * l, x * l) - softplus(minus_size); }, x, logits);
}

Tensor kl_divergence(const Normal& q, const StandardNormal&) {
  return elementwise<"kl_standard_normal">([](auto mean, auto log_variance) {
    return 0.5 * (mean * mean + (expm1(log_variance) - log_variance)); }, q.mean, q.log_variance);
}

Tensor kl_divergence(const Normal& q, const Normal& p) {
  return elementwise<"kl_normal">([](auto mean, auto log_variance, auto p_mean, auto p_log_variance) {
    const auto ratio = log_variance - p_log_variance;
    const auto off = mean - p_mean;
    return 0.5 * (off * off * exp(-p_log_variance) + (expm1(ratio) - ratio)); },
    q.mean, q.log_variance, p.mean, p.log_variance);
}

}  // namespace gradus::inline GRADUS_FLAVOUR

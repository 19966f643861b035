#include "nn/distributions/gamma.h"

#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"
#include "nn/distributions/quadrature.h"
#include "nn/distributions/stirling.h"

namespace GRADUS {

static Shape shape_of(const Gamma& p) { return broadcast("gamma", p.log_concentration.shape(), p.log_rate.shape()); }

Tensor Gamma::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor Gamma::rsample(Rng& rng) const {
  return elementwise<"gamma_rsample">([](auto x, auto log_rate) { return x * exp(-log_rate); },
                                      standard_gamma(broadcast_to(log_concentration, shape_of(*this)), rng), log_rate);
}

// With t = log βx/α, which is 0 at the mean: α·log α - α - log Γ(α) - α·(eᵗ - 1 - t) - log x, where nothing large cancels.
Tensor Gamma::log_prob(const Tensor& x) const {
  const Tensor peak =
      elementwise<"gamma_peak">([](auto log_a) { return log_gamma_excess(exp(log_a)); }, log_concentration);
  return peak + elementwise<"gamma_log_prob">(
                    [](auto x, auto log_a, auto log_b) {
                      constexpr Real infinity = std::numeric_limits<Real>::infinity();
                      const auto log_x = log(x);
                      const auto above = -excess_of(exp(log_a), exp(log_b + log_x), log_b + log_x - log_a) - log_x;
                      const auto at_0 = where(log_a < 0, infinity,
                                              where(log_a > 0, -infinity, log_b + 1));  // at α = 1 the peak is -1
                      return where(x == 0, at_0, above);
                    },
                    x, log_concentration, log_rate);
}

Tensor Gamma::entropy() const {
  return elementwise<"gamma_entropy">(
      [](auto log_a, auto log_b) {
        const auto a = exp(log_a);
        return (a - 1) * digamma_excess(a) + log_a - log_gamma_excess(a) - log_b;
      },
      log_concentration, log_rate);
}

Tensor Gamma::mean() const { return exp(log_concentration - log_rate); }

Tensor Gamma::variance() const { return exp(log_concentration - 2 * log_rate); }

// With equal means, s = log α'/α and g(α) = α·log α - α - log Γ(α): g(α) - g(α') + (α' - α)·g′(α). Where the two are
// close, that is the integral of -(α' - x)·g″(x) from α to α', on a logarithmic scale and with x²·g″ = -trigamma_excess:
// s·∫(e^((1-t)s) - 1)·trigamma_excess(α·e^(ts))dt.
static Tensor kl_of_concentrations(const Tensor& q, const Tensor& p) {
  return elementwise<"kl_concentrations">(
      [](auto q, auto p) {
        const auto s = p - q;
        const auto part = [&](Node t) { return t.weight * expm1(s * (1 - t.at)) * trigamma_excess(exp(q + s * t.at)); };
        auto sum = part(kNodes[0]);
        for (std::size_t i = 1; i < kNodes.size(); ++i) sum += part(kNodes[i]);
        const auto a = exp(q);
        const auto b = exp(p);
        return where(abs(value(s)) < 1, s * sum,
                     log_gamma_excess(a) - log_gamma_excess(b) + (b - a) * digamma_excess(a));
      },
      q, p);
}

// What is left are the means: α'·(e^-m - 1 + m) with m, the logarithm of the ratio of p's mean to q's.
Tensor kl_divergence(const Gamma& q, const Gamma& p) {
  return kl_of_concentrations(q.log_concentration, p.log_concentration) +
         elementwise<"kl_means">(
             [](auto q, auto q_rate, auto p, auto p_rate) {
               const auto m = (p - q) - (p_rate - q_rate);
               return excess_of(exp(p), exp(p - m), -m);
             },
             q.log_concentration, q.log_rate, p.log_concentration, p.log_rate);
}

}  // namespace GRADUS

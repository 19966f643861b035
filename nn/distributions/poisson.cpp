#include "nn/distributions/poisson.h"

#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"
#include "nn/distributions/stirling.h"
#include "tensor/variates.h"

namespace GRADUS {

constexpr Real kMany = 16;  // from this count on, Stirling's terms are taken out of log x!

Tensor Poisson::sample(Rng& rng) const {
  Tensor counts(log_rate.shape());
  kernel::poisson(detach_contiguous(log_rate).view(), counts.write(), rng);
  return counts;
}

// For large counts, with t = log λ/x: -x·(eᵗ - 1 - t) - ½·log 2πx - 1/12x + …, where nothing large cancels.
Tensor Poisson::log_prob(const Tensor& x) const {
  const Tensor of_count = elementwise<"log_factorial">(
      [](auto x) {
        const auto many = max(x, kMany);
        return where(x < kMany, -lgamma(min(x, kMany) + 1),
                     -0.5 * log(many) - detail::kHalfLogTwoPi - stirling_rest(many));
      },
      x);
  return of_count + elementwise<"poisson_log_prob">(
                        [](auto x, auto l) {
                          const auto rate = exp(l);
                          return where(x == 0, -rate, where(x < kMany, x * l - rate, -excess_of(x, rate, l - log(x))));
                        },
                        x, log_rate);
}

Tensor Poisson::entropy() const {
  throw Error("[poisson] the entropy has no closed form\n"
              "help: estimate it by samples: the mean of -p.log_prob(p.sample(rng))");
}

Tensor Poisson::mean() const { return exp(log_rate); }

Tensor Poisson::variance() const { return exp(log_rate); }

Tensor kl_divergence(const Poisson& q, const Poisson& p) {
  return elementwise<"kl_poisson">(
      [](auto q, auto p) {
        constexpr Real lowest = std::numeric_limits<Real>::lowest();
        return where(q < lowest, exp(p), excess_of(exp(q), exp(p), p - q));
      },
      q.log_rate, p.log_rate);
}

}  // namespace GRADUS

#include "nn/distributions/normal.h"

#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"

namespace GRADUS {

static Shape shape_of(const Normal& q) { return broadcast("normal", q.loc.shape(), q.log_variance.shape()); }

Tensor Normal::rsample(Rng& rng) const { return rsample(normal(shape_of(*this), rng)); }

Tensor Normal::rsample(const Tensor& noise) const {
  return elementwise<"reparameterize">(
      [](auto loc, auto log_variance, auto noise) { return loc + exp(log_variance / 2) * noise; }, loc, log_variance,
      noise);
}

Tensor Normal::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor Normal::log_prob(const Tensor& x) const {
  return elementwise<"normal_log_prob">(
      [](auto x, auto loc, auto log_variance) {
        const auto off = (x - loc) * exp(log_variance / -2);
        return -0.5 * (kLogTwoPi + log_variance + off * off);
      },
      x, loc, log_variance);
}

Tensor Normal::entropy() const { return broadcast_to((log_variance + (1 + kLogTwoPi)) / 2, shape_of(*this)); }

Tensor Normal::mean() const { return broadcast_to(loc, shape_of(*this)); }

Tensor kl_divergence(const Normal& q, const StandardNormal& p) {
  const Tensor kl = elementwise<"kl_standard_normal">(
      [](auto loc, auto log_variance) { return 0.5 * (loc * loc + exp_excess(log_variance)); }, q.loc, q.log_variance);
  return broadcast_to(kl, broadcast("kl_standard_normal", kl.shape(), p.shape));
}

}  // namespace GRADUS

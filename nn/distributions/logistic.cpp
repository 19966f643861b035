#include "nn/distributions/logistic.h"

#include "autograd/elementwise.h"

namespace GRADUS {

static Shape shape_of(const Logistic& p) { return broadcast("logistic", p.loc.shape(), p.log_scale.shape()); }

Tensor Logistic::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor Logistic::rsample(Rng& rng) const {
  return elementwise<"logistic_rsample">(
      [](auto noise, auto loc, auto log_scale) {
        const Batch n = value(noise), tail = abs(n) / 2;  // the mass beyond, on the side of n
        return loc + exp(log_scale) * copysign(log(tail) - log1p(-tail), n);
      },
      signed_uniform(shape_of(*this), rng), loc, log_scale);
}

Tensor Logistic::log_prob(const Tensor& x) const {
  return elementwise<"logistic_log_prob">(
      [](auto x, auto loc, auto log_scale) {
        const auto half = exp(log_scale / -2);  // e^-log_scale may overflow where the distance times it does not
        const auto y = (x - loc) * half * half;
        return -(softplus(y) + softplus(-y) + log_scale);
      },
      x, loc, log_scale);
}

Tensor Logistic::entropy() const { return broadcast_to(log_scale + 2, shape_of(*this)); }

Tensor Logistic::mean() const { return broadcast_to(loc, shape_of(*this)); }

}  // namespace GRADUS

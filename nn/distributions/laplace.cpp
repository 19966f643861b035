#include "nn/distributions/laplace.h"

#include "autograd/elementwise.h"
#include "nn/distributions/unit_normal.h"

namespace GRADUS {

static Shape shape_of(const Laplace& p) { return broadcast("laplace", p.loc.shape(), p.log_scale.shape()); }

Tensor Laplace::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor Laplace::rsample(Rng& rng) const {
  return elementwise<"laplace_rsample">(
      [](auto noise, auto loc, auto log_scale) {
        const Batch n = value(noise);
        return loc + exp(log_scale) * copysign(log(abs(n)), n);
      },
      signed_uniform(shape_of(*this), rng), loc, log_scale);
}

Tensor Laplace::log_prob(const Tensor& x) const {
  return elementwise<"laplace_log_prob">(
      [](auto x, auto loc, auto log_scale) {
        const auto half = exp(log_scale / -2);  // e^-log_scale may overflow where the distance times it does not
        return -(abs(x - loc) * half * half + log_scale + kLogTwo);
      },
      x, loc, log_scale);
}

Tensor Laplace::entropy() const { return broadcast_to(log_scale + (1 + kLogTwo), shape_of(*this)); }

Tensor Laplace::mean() const { return broadcast_to(loc, shape_of(*this)); }

}  // namespace GRADUS

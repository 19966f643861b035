#include "nn/distributions/unit_normal.h"

#include "autograd/elementwise.h"

namespace GRADUS {

Tensor UnitNormal::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor UnitNormal::rsample(Rng& rng) const { return loc + normal(loc.shape(), rng); }

Tensor UnitNormal::log_prob(const Tensor& x) const {
  return elementwise<"unit_normal_log_prob">(
      [](auto x, auto loc) {
        const auto off = x - loc;
        return -0.5 * (kLogTwoPi + off * off);
      },
      x, loc);
}

Tensor UnitNormal::entropy() const { return full(loc.shape(), (1 + kLogTwoPi) / 2); }

}  // namespace GRADUS

#include "nn/distributions/bernoulli.h"

#include "autograd/elementwise.h"

namespace GRADUS {

Tensor Bernoulli::mean() const { return sigmoid(logits); }

Tensor Bernoulli::sample(Rng& rng) const {
  return elementwise<"bernoulli_sample">(
      [](auto noise, auto logits) {
        const Batch l = value(logits), rare = where(abs(value(noise)) < sigmoid(-abs(l)), 1, 0);
        return where(isnan(l), l, where(l > 0, 1 - rare, rare));
      },
      signed_uniform(logits.shape(), rng), logits);
}

Tensor Bernoulli::log_prob(const Tensor& x) const {
  return elementwise<"bernoulli_log_prob">(
      [](auto x, auto l) {
        const auto minus_size = where(l > 0, -l, l);  // -|l|, with the derivative of a branch at 0
        return where(l > 0, (x - 1) * l, x * l) - softplus(minus_size);
      },
      x, logits);
}

Tensor Bernoulli::entropy() const {
  return elementwise<"bernoulli_entropy">(
      [](auto l) {
        const auto minus_size = where(l > 0, -l, l);  // both outcomes swapped have the same entropy
        return softplus(minus_size) - minus_size * sigmoid(minus_size);
      },
      logits);
}

}  // namespace GRADUS

#include "nn/loss.h"

#include "nn/distributions.h"

namespace GRADUS {

static void check_batch(const char* op, const Tensor& x, const Tensor& target) {
  check(x.shape() == target.shape(), "[{}] shapes differ: {} and {}", op, x.shape(), target.shape());
  check(x.numel() > 0, "[{}] an empty batch has no mean", op);
}

Tensor bce_with_logits(const Tensor& logits, const Tensor& targets) {
  check_batch("bce_with_logits", logits, targets);
  const Real samples = static_cast<Real>(logits.rank() == 0 ? 1 : logits.shape()[0]);
  return sum(Bernoulli{logits}.log_prob(targets)) / -samples;
}

Tensor mse(const Tensor& x, const Tensor& target) {
  check_batch("mse", x, target);
  const Tensor off = x - target;
  return mean(off * off);
}

Tensor cross_entropy(const Tensor& logits, const Indices& labels) {
  check(logits.rank() == 2 && labels.shape.rank() == 1 && labels.shape[0] == logits.shape()[0],
        "[cross_entropy] logits {} and labels {} are not (B, classes) and (B)", logits.shape(), labels.shape);
  check(logits.shape()[0] > 0, "[cross_entropy] an empty batch has no mean");
  return -mean(Categorical{logits}.log_prob(labels));
}

}  // namespace GRADUS

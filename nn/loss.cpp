#include "nn/loss.h"

#include <cmath>

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

static void check_labels(const char* op, const Tensor& logits, const Indices& labels) {
  check(logits.rank() == 2 && labels.shape.rank() == 1 && labels.shape[0] == logits.shape()[0],
        "[{}] logits {} and labels {} are not (B, classes) and (B)", op, logits.shape(), labels.shape);
  check(logits.shape()[0] > 0, "[{}] an empty batch has no mean", op);
}

Tensor cross_entropy(const Tensor& logits, const Indices& labels) {
  check_labels("cross_entropy", logits, labels);
  return -mean(Categorical{logits}.log_prob(labels));
}

double accuracy(const Tensor& logits, const Indices& labels) {
  check_labels("accuracy", logits, labels);
  labels.check_filled("accuracy");
  const std::int64_t samples = logits.shape()[0], classes = logits.shape()[1];
  for (const std::int64_t label : labels.values)
    check(label >= 0 && label < classes, "[accuracy] class {} is not one of {}", label, classes);
  const Indices best = argmax(logits, 1);  // the position of a NaN if there is one
  const ConstView x = logits.view();
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < samples; ++i)
    right += best.values[i] == labels.values[i] && !std::isnan(x(i, best.values[i]));
  return static_cast<double>(right) / static_cast<double>(samples);
}

}  // namespace GRADUS

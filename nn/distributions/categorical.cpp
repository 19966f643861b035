#include "nn/distributions/categorical.h"

#include "autograd/elementwise.h"
#include "nn/distributions/uniform_noise.h"

namespace GRADUS {

constexpr Real kLowest = std::numeric_limits<Real>::lowest();

static const Tensor& checked(const Tensor& logits) {
  check(logits.rank() >= 1 && logits.extent(-1) >= 1, "[categorical] logits {} have no classes along the last axis",
        logits.shape());
  return logits;
}

static Tensor log_probabilities(const Categorical& p) { return log_softmax(checked(p.logits), -1); }

Indices Categorical::sample(Rng& rng) const {
  const Pause no_derivatives;
  const Tensor noisy = elementwise<"gumbel">([](auto logits, auto u) { return logits - log(-log(inside(u))); },
                                             checked(logits), uniform(logits.shape(), rng));
  return argmax(noisy, -1);
}

Tensor Categorical::log_prob(const Indices& classes) const {
  const Shape shape = checked(logits).shape().without(logits.rank() - 1);
  check(classes.shape == shape, "[categorical] classes {} do not fit logits {}\nhelp: one class for each {}",
        classes.shape, logits.shape(), shape);
  for (const std::int64_t one : classes.values)
    check(one >= 0 && one < logits.extent(-1), "[categorical] class {} is not one of {}", one, logits.extent(-1));
  return reshape(gather(log_probabilities(*this), -1, {shape.inserted(shape.rank(), 1), classes.values}), shape);
}

Tensor Categorical::log_prob(const Tensor& one_hot) const {
  check(one_hot.rank() >= 1 && one_hot.extent(-1) == checked(logits).extent(-1),
        "[categorical] one-hot vectors {} do not fit logits {}", one_hot.shape(), logits.shape());
  return sum(elementwise<"one_hot_log_prob">([](auto x, auto log_p) { return where(x == 0, 0, x * log_p); }, one_hot,
                                             log_probabilities(*this)), -1);
}

// 0·log 0 = 0.
Tensor Categorical::entropy() const {
  return sum(elementwise<"categorical_entropy">([](auto log_p) {
    return where(log_p < kLowest, 0, -exp(log_p) * log_p); }, log_probabilities(*this)), -1);
}

Tensor Categorical::mean() const { return softmax(checked(logits), -1); }

Tensor kl_divergence(const Categorical& q, const Categorical& p) {
  check(checked(q.logits).extent(-1) == checked(p.logits).extent(-1),
        "[kl_divergence] {} and {} are not as many classes", q.logits.shape(), p.logits.shape());
  // q·(log q - log p) where neither is 0: 0 without q, however small it is infinite without p.
  return sum(elementwise<"kl_categorical">([](auto q, auto p) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    return where(q < kLowest, 0, where(p < kLowest, infinity, exp(q) * (q - p))); },
    log_probabilities(q), log_probabilities(p)), -1);
}

}  // namespace GRADUS

#include "nn/distributions/categorical.h"

#include <cmath>

#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"

namespace GRADUS {

constexpr Real kLowest = std::numeric_limits<Real>::lowest();

static const Tensor& checked(const Tensor& logits) {
  check(logits.rank() >= 1 && logits.extent(-1) >= 1, "[categorical] logits {} have no classes along the last axis",
        logits.shape());
  return logits;
}

static Tensor log_probabilities(const Categorical& p) { return log_softmax(checked(p.logits), -1); }

// The class whose exponential waiting time, of rate e^logit, is the shortest. Waiting times are fine near 0, where rare
// classes win, as the noise is.
Indices Categorical::sample(Rng& rng) const {
  const Pause no_derivatives;
  const Tensor top = max(checked(logits), {-1}, keepdim);
  const Real* largest = top.view().data;
  for (std::int64_t row = 0; row < top.numel(); ++row)
    check(std::isfinite(largest[row]), "[categorical] row {} of the logits {} {}", row, logits.shape(),
          std::isnan(largest[row]) ? "holds NaN"
          : largest[row] > 0       ? "holds inf"
                                   : "has no class: all are -inf");
  const Tensor order = elementwise<"exponential_race">(
      [](auto logits, auto top, auto noise) { return logits - top - log(-log1p(-abs(value(noise)))); }, logits, top,
      signed_uniform(logits.shape(), rng));
  return argmax(order, -1);
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
                                             log_probabilities(*this)),
             -1);
}

// 0·log 0 = 0.
Tensor Categorical::entropy() const {
  return sum(elementwise<"categorical_entropy">(
                 [](auto log_p) { return where(log_p < kLowest, 0, -exp(log_p) * log_p); }, log_probabilities(*this)),
             -1);
}

Tensor Categorical::mean() const { return softmax(checked(logits), -1); }

// log p - log q by logits of one shape, right where the two are nearly the same: there the difference of the logits is
// exact, and what it lacks is small: log Σ p, with p = q·eᵈ by the rough difference d. 0 where q is 0.
static Tensor log_ratio(const Tensor& p, const Tensor& q) {
  const Tensor ratio = [&] {
    const Pause no_derivatives;
    const Tensor log_p = log_softmax(p, -1), log_q = log_softmax(q, -1);
    const Tensor apart = logsumexp(p, {-1}, keepdim) - logsumexp(q, {-1}, keepdim);
    const Tensor rough = elementwise<"rough_log_ratio">(
        [](auto p, auto q, auto apart) { return where(q < kLowest, 0, p - q - apart); }, p, q, apart);
    const Tensor beyond_one =
        sum(elementwise<"mass_difference">(
                [](auto log_p, auto log_q, auto d) {
                  const auto q = exp(log_q);
                  return where((d < 1) & (log_q >= kLowest), q * expm1(min(d, 1)), exp(log_p) - q);
                },
                log_p, log_q, rough),
            {-1}, keepdim);
    return rough - log1p(beyond_one);
  }();
  const auto vjp = [](const Tensor& logits) {  // log_softmax's
    return [logits](const Tensor& g) { return g - softmax(logits, -1) * sum(g, {-1}, keepdim); };
  };
  return record("log_ratio", ratio, arg(p, vjp(p)), arg(q, [of_q = vjp(q)](const Tensor& g) { return -of_q(g); }));
}

// 0 without q; however small q is, infinite without p.
Tensor kl_divergence(const Categorical& q, const Categorical& p) {
  check(checked(q.logits).extent(-1) == checked(p.logits).extent(-1),
        "[kl_divergence] {} and {} are not as many classes", q.logits.shape(), p.logits.shape());
  const Shape shape = broadcast("kl_divergence", q.logits.shape(), p.logits.shape());
  const Tensor q_logits = broadcast_to(q.logits, shape), p_logits = broadcast_to(p.logits, shape);
  return sum(elementwise<"kl_categorical">(
                 [](auto log_q, auto log_p, auto d) {
                   constexpr Real infinity = std::numeric_limits<Real>::infinity();
                   const auto p = exp(log_p);
                   return where(log_q < kLowest, p, where(log_p < kLowest, infinity, excess_of(exp(log_q), p, d)));
                 },
                 log_softmax(q_logits, -1), log_softmax(p_logits, -1), log_ratio(p_logits, q_logits)),
             -1);
}

}  // namespace GRADUS

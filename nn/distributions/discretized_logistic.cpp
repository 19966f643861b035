#include "nn/distributions/discretized_logistic.h"

#include "autograd/elementwise.h"
#include "nn/distributions/uniform_noise.h"

namespace GRADUS {

constexpr int kLast = 255;                // the last level
constexpr double kHalfBin = 0.5 / kLast;  // from a level to its bin's borders
constexpr double kFar = 800;              // e^-800 is 0

// With the bin's borders b < a in units of the scale,
//   σ(a) - σ(b) = σ(a)·σ(-b)·(1 - e^(b - a)),
// whose logarithm neither cancels nor underflows. At the first level b, at the last a is infinite.
template <class X, class L, class S>
static auto log_mass(X x, L loc, S log_scale) {
  const auto half = exp(log_scale / -2);  // e^-log_scale may overflow where a distance times it does not
  const auto upper = (x - loc + kHalfBin) * half * half, lower = (x - loc - kHalfBin) * half * half;
  const auto width = 2 * kHalfBin * half * half;
  const Mask first = value(x) < kHalfBin, last = value(x) > 1 - kHalfBin;
  // From a width of 40 on, 1 - e^-width is 1.
  const auto between = where(first | last | (width > 40), 0, log(-expm1(-where(width > 40, 40, width))));
  return between - where(last, 0, softplus(-min(upper, kFar))) - where(first, 0, softplus(max(lower, -kFar)));
}

static Shape shape_of(const DiscretizedLogistic& p) {
  return broadcast("discretized_logistic", p.loc.shape(), p.log_scale.shape());
}

Tensor DiscretizedLogistic::sample(Rng& rng) const {
  return elementwise<"discretized_logistic_sample">([](auto u, auto loc, auto log_scale) {
    const Batch v = inside(u);
    const Batch x = value(loc) + exp(value(log_scale)) * (log(v) - log1p(-v));
    return min(max(floor(x * kLast + 0.5), 0), kLast) / kLast; }, uniform(shape_of(*this), rng), loc, log_scale);
}

Tensor DiscretizedLogistic::log_prob(const Tensor& x) const {
  return elementwise<"discretized_logistic_log_prob">([](auto x, auto loc, auto log_scale) {
    return log_mass(x, loc, log_scale); }, x, loc, log_scale);
}

Tensor DiscretizedLogistic::entropy() const {
  return elementwise<"discretized_logistic_entropy">([](auto loc, auto log_scale) {
    const auto term = [&](double level) {
      const auto log_p = log_mass(Batch(level / kLast), loc, log_scale);
      const auto mass = exp(log_p);
      return where(mass == 0, 0, mass * log_p);
    };
    auto negative = term(0);
    for (int level = 1; level <= kLast; ++level) negative += term(level);
    return -negative; }, loc, log_scale);
}

// E k = Σ P(k' ≥ k) over k = 1 … 255.
Tensor DiscretizedLogistic::mean() const {
  return elementwise<"discretized_logistic_mean">([](auto loc, auto log_scale) {
    const auto half = exp(log_scale / -2);
    const auto above = [&](double level) {
      return sigmoid(min(max((loc - (level - 0.5) / kLast) * half * half, -kFar), kFar));
    };
    auto sum = above(1);
    for (int level = 2; level <= kLast; ++level) sum += above(level);
    return sum / kLast; }, loc, log_scale);
}

Tensor kl_divergence(const DiscretizedLogistic& q, const DiscretizedLogistic& p) {
  return elementwise<"kl_discretized_logistic">([](auto loc, auto log_scale, auto p_loc, auto p_log_scale) {
    const auto term = [&](double level) {
      const Batch x = level / kLast;
      const auto log_q = log_mass(x, loc, log_scale);
      const auto mass = exp(log_q);
      return where(mass == 0, 0, mass * (log_q - log_mass(x, p_loc, p_log_scale)));
    };
    auto sum = term(0);
    for (int level = 1; level <= kLast; ++level) sum += term(level);
    return sum; }, q.loc, q.log_scale, p.loc, p.log_scale);
}

}  // namespace GRADUS

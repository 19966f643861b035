#include "nn/distributions/discretized_logistic.h"

#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"

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
  return elementwise<"discretized_logistic_sample">(
      [](auto noise, auto loc, auto log_scale) {
        const Batch n = value(noise), tail = abs(n) / 2;
        const Batch x = value(loc) + exp(value(log_scale)) * copysign(log(tail) - log1p(-tail), n);
        return min(max(floor(x * kLast + 0.5), 0), kLast) / kLast;
      },
      signed_uniform(shape_of(*this), rng), loc, log_scale);
}

Tensor DiscretizedLogistic::log_prob(const Tensor& x) const {
  return elementwise<"discretized_logistic_log_prob">(
      [](auto x, auto loc, auto log_scale) { return log_mass(x, loc, log_scale); }, x, loc, log_scale);
}

Tensor DiscretizedLogistic::entropy() const {
  return elementwise<"discretized_logistic_entropy">(
      [](auto loc, auto log_scale) {
        const auto term = [&](double level) {
          const auto log_p = log_mass(Batch(level / kLast), loc, log_scale);
          const auto mass = exp(log_p);
          return where(mass == 0, 0, mass * log_p);
        };
        auto negative = term(0);
        for (int level = 1; level <= kLast; ++level) negative += term(level);
        return -negative;
      },
      loc, log_scale);
}

// E k = Σ P(k' ≥ k) over k = 1 … 255.
Tensor DiscretizedLogistic::mean() const {
  return elementwise<"discretized_logistic_mean">(
      [](auto loc, auto log_scale) {
        const auto half = exp(log_scale / -2);
        const auto above = [&](double level) {
          return sigmoid(min(max((loc - (level - 0.5) / kLast) * half * half, -kFar), kFar));
        };
        auto sum = above(1);
        for (int level = 2; level <= kLast; ++level) sum += above(level);
        return sum / kLast;
      },
      loc, log_scale);
}

// log p - log q of a level's masses. Where they are nearly the same, by how much its borders, in units of the scale,
// move from q to p: softplus(x + e) - softplus(x) = log(1 + σ(x)·(eᵉ - 1)), and likewise for the width.
template <class L, class S, class PL, class PS>
static auto log_mass_ratio(Batch x, L loc, S log_scale, PL p_loc, PS p_log_scale) {
  const auto half = exp(log_scale / -2);
  const auto p_half = exp(p_log_scale / -2);
  const auto stretch = expm1(log_scale - p_log_scale);
  const auto shift = (loc - p_loc) * p_half * p_half;
  const auto upper = (x - loc + kHalfBin) * half * half, lower = (x - loc - kHalfBin) * half * half;
  const auto width = 2 * kHalfBin * half * half;
  const auto by_upper = upper * stretch + shift, by_lower = lower * stretch + shift;
  const Mask first = x < kHalfBin, last = x > 1 - kHalfBin;
  const Mask near =
      (abs(value(stretch)) < 0.5) & (last | (abs(value(by_upper)) < 1)) & (first | (abs(value(by_lower)) < 1));
  const auto between = where(first | last | (width > 40), 0, log1p(-expm1(-(width * stretch)) / expm1(width)));
  return where(near,
               between - where(last, 0, log1p(sigmoid(-upper) * expm1(-by_upper))) -
                   where(first, 0, log1p(sigmoid(lower) * expm1(by_lower))),
               log_mass(x, p_loc, p_log_scale) - log_mass(x, loc, log_scale));
}

// A level's part of the divergence. Not inlined: it is long, and the compiler would repeat it for each register in turn.
template <class L, class S, class PL, class PS>
[[gnu::noinline]] static auto kl_term(Batch x, L loc, S log_scale, PL p_loc, PS p_log_scale) {
  const auto mass = exp(log_mass(x, loc, log_scale));
  const auto p_mass = exp(log_mass(x, p_loc, p_log_scale));
  return where(mass == 0, p_mass, excess_of(mass, p_mass, log_mass_ratio(x, loc, log_scale, p_loc, p_log_scale)));
}

Tensor kl_divergence(const DiscretizedLogistic& q, const DiscretizedLogistic& p) {
  return elementwise<"kl_discretized_logistic">(
      [](auto loc, auto log_scale, auto p_loc, auto p_log_scale) {
        auto sum = kl_term(0, loc, log_scale, p_loc, p_log_scale);
        for (int level = 1; level <= kLast; ++level)
          sum += kl_term(static_cast<double>(level) / kLast, loc, log_scale, p_loc, p_log_scale);
        return sum;
      },
      q.loc, q.log_scale, p.loc, p.log_scale);
}

}  // namespace GRADUS

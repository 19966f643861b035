#include "nn/distributions/continuous_bernoulli.h"

#include "autograd/elementwise.h"
#include "nn/distributions/quadrature.h"

namespace GRADUS {
namespace {

// Everything is computed at m = -|η|, for x and 1 - x swap with the sign of η, and there nothing cancels or overflows
// but around m = 0, where A(m) = log((e^m - 1)/m) is 0/0. There stand Taylor series,
//   A(m) = m/2 + Σ b(n)/2n·m^2n  with  b(n) = B(2n)/(2n)!  and Bernoulli's numbers B(2n);
// by Euler, (2n + 1)·b(n) is -Σ b(k)·b(n - k) over 0 < k < n.
constexpr int kTerms = 16;
constexpr auto kSeries = [] {
  std::array<double, kTerms + 1> b{0, 1. / 12};
  for (int n = 2; n <= kTerms; ++n) {
    for (int k = 1; k < n; ++k) b[n] -= b[k] * b[n - k];
    b[n] /= 2 * n + 1;
  }
  return b;
}();
// The largest m² that they serve, here to all digits, and in their fourth derivatives to 1e-8 (1e-15 in double). Beyond
// it the exact forms lose no more.
constexpr double kNear = sizeof(Real) == 8 ? 1 : 9;

// Σ b(n)·weight(n)·zⁿ⁻¹ over n = 1, 2, …
template <class T, class Weight>
auto series(T z, Weight weight) {
  auto sum = z * (kSeries[kTerms] * weight(kTerms)) + kSeries[kTerms - 1] * weight(kTerms - 1);
  for (int n = kTerms - 2; n >= 1; --n) sum = sum * z + kSeries[n] * weight(n);
  return sum;
}

template <class T>
auto minus_size(T eta) {  // -|η|, with the derivative of a branch at 0
  return where(eta > 0, -eta, eta);
}

template <class T>
auto log_normalizer(T m) {  // A(m)
  const auto z = m * m;
  return where(z < kNear, z * series(z, [](int n) { return 0.5 / n; }) + m / 2, log(expm1(m) / m));
}

template <class T>
auto mean_at(T m) {  // A'(m)
  const auto z = m * m;
  return where(z < kNear, m * series(z, [](int) { return 1; }) + 0.5, exp(m) / expm1(m) - 1 / m);
}

template <class T>
[[gnu::noinline]] auto variance_at(T m) {  // A''(m); not inlined, for a divergence is made of many
  const auto z = m * m, y = expm1(m), inverse = 1 / m;
  return where(z < kNear, series(z, [](int n) { return 2 * n - 1; }), inverse * inverse - exp(m) / (y * y));
}

// A(p) - A(m): far from 0 one logarithm of a ratio, which has fewer digits to lose than two.
template <class P, class M>
auto log_normalizer_ratio(P p, M m) {
  return where((p * p < kNear) | (m * m < kNear), log_normalizer(p) - log_normalizer(m),
               log(expm1(p) / expm1(m) * (m / p)));
}

}  // namespace

Tensor ContinuousBernoulli::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

// x = log(1 + u·(e^η - 1))/η. The series' coefficients are the cumulants of a Bernoulli of probability u, over n!.
// Noise n stands for u = |n|/2 or, on the other side, for 1 - |n|/2, so that both tails are fine.
Tensor ContinuousBernoulli::rsample(Rng& rng) const {
  return elementwise<"continuous_bernoulli_rsample">(
      [](auto noise, auto eta) {
        constexpr Real near = sizeof(Real) == 8 ? 0.01 : 0.1;  // where the exact form's second derivative gets worse
        const auto m = minus_size(eta);
        const Mask upper = (value(noise) > 0) ^ (value(eta) > 0);
        const Batch tail = abs(value(noise)) / 2, u = where(upper, 1 - tail, tail);
        const Batch uv = u * (1 - u), skew = 1 - 2 * u;
        const auto taylor =
            u + uv * m * (0.5 + m * (skew / 6 + m * ((1 - 6 * uv) / 24 + m * (skew * (1 - 12 * uv) / 120))));
        const auto y = u * expm1(m);
        const auto exact = where(y < -0.5, log(exp(m) - tail * expm1(m)), log1p(y)) / m;  // below -½ only where upper
        const auto x = min(where(m > -near, taylor, exact), 1);
        return where(eta > 0, 1 - x, x);
      },
      signed_uniform(logits.shape(), rng), logits);
}

Tensor ContinuousBernoulli::log_prob(const Tensor& x) const {
  return elementwise<"continuous_bernoulli_log_prob">(
      [](auto x, auto eta) { return where(eta > 0, (x - 1) * eta, x * eta) - log_normalizer(minus_size(eta)); }, x,
      logits);
}

Tensor ContinuousBernoulli::entropy() const {
  return elementwise<"continuous_bernoulli_entropy">(
      [](auto eta) {
        const auto m = minus_size(eta);
        const auto z = m * m;
        return where(z < kNear,
                     z * series(z, [](int n) { return 0.5 / n - 1; }), log(expm1(m) / m) + 1 - m * exp(m) / expm1(m));
      },
      logits);
}

Tensor ContinuousBernoulli::mean() const {
  return elementwise<"continuous_bernoulli_mean">(
      [](auto eta) {
        const auto below = mean_at(minus_size(eta));
        return where(eta > 0, 1 - below, below);
      },
      logits);
}

Tensor ContinuousBernoulli::variance() const {
  return elementwise<"continuous_bernoulli_variance">([](auto eta) { return variance_at(minus_size(eta)); }, logits);
}

// The definition is A(η') less its tangent at η, taken at η'. Where the two are close, that is what the curvature adds:
// δ²·∫(1 - t)·A''(η + δ·t)dt for 0 ≤ t ≤ 1 and δ = η' - η.
Tensor kl_divergence(const ContinuousBernoulli& q, const ContinuousBernoulli& p) {
  return elementwise<"kl_continuous_bernoulli">(
      [](auto q, auto p) {
        const auto m = minus_size(q);
        const auto other = where(q > 0, -p, p);
        const auto step = other - m;
        const auto curvature = [&](Node t) { return t.weight * (1 - t.at) * variance_at(minus_size(m + step * t.at)); };
        auto sum = curvature(kNodes[0]);
        for (std::size_t i = 1; i < kNodes.size(); ++i) sum += curvature(kNodes[i]);
        return where(abs(value(step)) < max(value(m) / -4, 1), step * step * sum,
                     where(other > 0, other, 0) + log_normalizer_ratio(minus_size(other), m) - step * mean_at(m));
      },
      q.logits, p.logits);
}

}  // namespace GRADUS

// What is left of log Γ and its kin when Stirling's large terms are gone: lane functions whose values are small where
// the terms that they are a difference of are large. Formulas: Abramowitz and Stegun, chapter 6.
#pragma once

#include "autograd/dual.h"

namespace GRADUS {

/// Σ c(k)·u^2k over k = 0 … n - 1.
template <std::size_t n, class T>
auto even_series(T u, const std::array<Real, n>& c) {
  const auto square = u * u;
  auto sum = square * c[n - 1] + c[n - 2];
  for (std::size_t k = n - 2; k-- > 0;) sum = sum * square + c[k];
  return sum;
}

namespace detail {
/// B₂ₖ·factor(2k) for k = 1, 2, …
template <class Factor>
constexpr auto bernoulli_series(Factor factor) {
  std::array<Real, kFarTerms> c{};
  for (std::size_t k = 1; k <= kFarTerms; ++k)
    c[k - 1] = static_cast<Real>(kBernoulli[k - 1] * factor(static_cast<long double>(2 * k)));
  return c;
}
inline constexpr auto kLogGammaRest = bernoulli_series([](long double n) { return 1 / (n * (n - 1)); });
inline constexpr auto kDigammaRest = bernoulli_series([](long double n) { return 1 / n; });
inline constexpr auto kTrigammaRest = bernoulli_series([](long double) { return 1; });
/// (2^(1-n) - 2)/n: of ψ(x + ½) - ψ(x).
constexpr long double half_step_factor(long double n) {
  long double power = 2;
  for (int i = 0; i < static_cast<int>(n); ++i) power /= 2;
  return (power - 2) / n;
}
inline constexpr auto kDigammaStep = bernoulli_series(half_step_factor);
inline constexpr auto kHalfStep = bernoulli_series([](long double n) { return half_step_factor(n) / (n - 1); });
inline constexpr long double kHalfLogTwoPi = 0.918938533204672741780329736406L;
}  // namespace detail

/// log Γ(x) - ((x - ½)·log x - x + ½·log 2π) for x from 6 on (12 in double): 1/12x - …
template <class T>
auto stirling_rest(T x) {
  const auto u = 1 / x;
  return u * even_series(u, detail::kLogGammaRest);
}

/// x·log x - x - log Γ(x) = ½·log(x/2π) - …
template <class T>
auto log_gamma_excess(T x) {
  const auto l = log(x);
  return where(x < detail::kFar, x * (l - 1) - lgamma(x), 0.5 * l - detail::kHalfLogTwoPi - stirling_rest(x));
}

/// log x - ψ(x) = 1/2x + …, its derivative.
template <class T>
auto digamma_excess(T x) {
  const auto u = 1 / x;
  return where(x < detail::kFar, log(x) - digamma(x), u * (0.5 + u * even_series(u, detail::kDigammaRest)));
}

/// log Γ(x + ½) - log Γ(x) - ½·log x = -1/8x + …
template <class T>
auto half_step(T x) {
  const auto u = 1 / x;
  return where(x < detail::kFar, lgamma(x + 0.5) - lgamma(x) - 0.5 * log(x), u * even_series(u, detail::kHalfStep));
}

/// ψ(x + ½) - ψ(x) = 1/2x + 1/8x² - …
template <class T>
auto digamma_step(T x) {
  const auto u = 1 / x;
  return where(x < detail::kFar, digamma(x + 0.5) - digamma(x), u * (0.5 - u * even_series(u, detail::kDigammaStep)));
}

/// x - log(1 + x) for 0 ≤ x ≤ 1, without cancellation. With s = x/(2 + x), log(1 + x) = 2s + 2s³/3 + 2s⁵/5 + …, and
/// x - 2s = x·s. Its derivative is x/(1 + x).
inline Batch log1p_excess(const Batch& x) {
  constexpr auto series = [] {  // 2/3, 2/5, …; s is at most 1/3
    std::array<Real, detail::kSingle ? 8 : 17> c{};
    for (std::size_t k = 0; k < c.size(); ++k) c[k] = static_cast<Real>(2.0L / static_cast<long double>(2 * k + 3));
    return c;
  }();
  const Batch s = x / (2 + x);
  return s * (x - s * s * detail::polynomial(s * s, series));
}
template <class T>
Dual<T> log1p_excess(Dual<T> x) {
  return {log1p_excess(x.v), x.v / (1 + x.v) * x.d};
}

/// x²·ψ′(x) - x, which falls from 1 at 0 to ½: with ψ′(x) - 1/x = ψ′(x + 1) - 1/(x + 1) + 1/(x²·(x + 1)) all terms are
/// positive. 8 ulp.
template <class T>
[[gnu::noinline]] auto trigamma_excess(T x) {
  auto sum = 1 / (x + 1);
  for (int i = 1; i < detail::kFar; ++i) {
    const auto part = x / (x + i);
    sum += part * part / (x + (i + 1));
  }
  const auto u = 1 / (x + detail::kFar), part = x * u;
  return sum + part * part * (0.5 + u * even_series(u, detail::kTrigammaRest));
}

}  // namespace GRADUS

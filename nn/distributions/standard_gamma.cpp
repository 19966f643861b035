// The gamma distribution's draw, and how it moves with the shape α.
#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"
#include "nn/distributions/gamma.h"
#include "nn/distributions/stirling.h"
#include "tensor/variates.h"

namespace GRADUS {
namespace {

constexpr Real kSmall = 2;  // below this x the series of F
constexpr int kMostTerms = sizeof(Real) == 4 ? 21 : 33;

// The trapezoidal rule with s = v/rate and v = exp(y - e^-y), which falls off at both ends faster than any power
// (Takahasi, Mori 1974).
struct Abscissa {
  double v, weight;
};
constexpr double exp_of(double x) {  // for tables, made by the compiler
  double y = x / 1024, term = 1, sum = 1;
  for (int k = 1; k < 12; ++k) sum += term *= y / k;
  for (int k = 0; k < 10; ++k) sum *= sum;
  return sum;
}
constexpr auto kAbscissae = [] {
  constexpr double step = sizeof(Real) == 4 ? 0.15 : 0.09, low = sizeof(Real) == 4 ? -3 : -3.7;
  std::array<Abscissa, sizeof(Real) == 4 ? 42 : 84> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double y = low + step * static_cast<double>(i), fall = exp_of(-y), v = exp_of(y - fall);
    all[i] = {v, step * v * (1 + fall)};
  }
  return all;
}();

// F(α, x) = x^α·e^-x/Γ(α + 1)·N with N = Σ x^n / ((α + 1)…(α + n)), so that with the density f and N′ = ∂N/∂α
//   dx/dα = -∂F/∂α / f = -x/α·(N·(log x - ψ(α + 1)) + N′).
template <class A, class X>
[[gnu::noinline]] auto slope_by_series(A a, X x) {
  auto term = x / (a + 1);
  auto harmonic = 1 / (a + 1);
  auto n = 1 + term;
  auto n_slope = -term * harmonic;
  for (int k = 2; k < kMostTerms; ++k) {
    const auto next = 1 / (a + k);
    term = term * x * next;
    harmonic += next;
    n += term;
    n_slope -= term * harmonic;
  }
  return -x / a * (n * (log(x) - digamma(a + 1)) + n_slope);
}

// -∂F/∂α is the integral of f·(ψ(α) - log t) from 0 to x, and of f·(log t - ψ(α)) from x on. With t = x·e^±s, the sign +
// for x > α, dx/dα = x·∫(s ± (log x - ψ(α)))·exp(-|x - α|·s - x·(e^±s - 1 ∓ s))ds: it falls off from the first.
template <class A, class X>
[[gnu::noinline]] auto slope_by_integral(A a, X x) {
  const Batch sign = where(x > a, 1, -1), rate = sign * (value(x) - value(a)) + sqrt(value(x));
  const auto away = sign * (x - a);
  const auto from_mean = sign * (log1p((x - a) / a) + digamma_excess(a));
  const auto term = [&](const Abscissa& at) {
    const Batch s = at.v / rate;
    constexpr Real far = sizeof(Real) == 4 ? 60 : 300;  // there the rest is 0
    return at.weight * (s + from_mean) * exp(-(away * s + x * exp_excess(sign * min(s, far))));
  };
  auto sum = term(kAbscissae[0]);
  for (std::size_t i = 1; i < kAbscissae.size(); ++i) sum += term(kAbscissae[i]);
  return x / rate * sum;
}

/// dx/d log α for draws x.
Tensor slope(const Tensor& log_a, const Tensor& x) {
  return elementwise<"standard_gamma_slope">(
      [](auto log_a, auto x) {
        const auto a = exp(log_a);
        return a * where(x < kSmall, slope_by_series(a, min(x, kSmall)), slope_by_integral(a, max(x, kSmall)));
      },
      log_a, x);
}

}  // namespace

Tensor standard_gamma(const Tensor& log_concentration, Rng& rng) {
  Tensor x(log_concentration.shape());
  kernel::standard_gamma(detach_contiguous(log_concentration).view(), x.write(), rng);
  return record("standard_gamma", x, arg(log_concentration, [log_concentration, x](const Tensor& g) {
                  return g * slope(log_concentration, x);
                }));
}

}  // namespace GRADUS

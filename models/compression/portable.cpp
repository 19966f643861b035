#include "models/compression/portable.h"

#include <array>
#include <bit>
#include <cmath>

#ifdef __FAST_MATH__
#error "the order of these operations is what makes them portable: compile without -ffast-math"
#endif
static_assert(sizeof(double) == 8);

namespace GRADUS::portable {

namespace {

// 1/n! for n below N.
template <int N>
constexpr std::array<double, N> inverse_factorials() {
  std::array<double, N> a{};
  double factorial = 1;
  for (int n = 0; n < N; ++n) {
    factorial *= n > 0 ? n : 1;
    a[n] = 1 / factorial;
  }
  return a;
}

// Σ xⁿ/n! from n = `first`, divided by x^first, for |x| < 0.7: what is left out is below 2^-60 of it.
template <int first>
double exp_series(double x) {
  constexpr auto kTerms = inverse_factorials<19>();
  double sum = kTerms[18];
  for (int n = 17; n >= first; --n) sum = sum * x + kTerms[n];
  return sum;
}

// 2^n for -1022 <= n <= 1023.
double power_of_two(std::int64_t n) { return std::bit_cast<double>(static_cast<std::uint64_t>(n + 1023) << 52); }

}  // namespace

double exp(double x) {
  if (x < -708) return 0;
  if (x > 709) x = 709;
  if (!(x == x)) return x;
  constexpr double kHigh = 0x1.62e42feep-1, kLow = 0x1.a39ef35793c76p-33;  // log 2 in two parts, n·kHigh being exact
  const auto n = static_cast<std::int64_t>(x * 0x1.71547652b82fep+0 + (x < 0 ? -0.5 : 0.5));
  const double rest = (x - static_cast<double>(n) * kHigh) - static_cast<double>(n) * kLow;
  return (1 + rest * exp_series<1>(rest)) * power_of_two(n);
}

double expm1(double x) { return x > -0.5 && x < 0.5 ? x * exp_series<1>(x) : exp(x) - 1; }

// max(x, 0) + log(1 + u) with u = e^-|x|, and log(1 + u) = 2 artanh(u / (2 + u)), a series in squares of at most 1/9.
double softplus(double x) {
  const double u = exp(x < 0 ? x : -x), f = u / (2 + u), square = f * f;
  double sum = 1.0 / 37;
  for (int odd = 35; odd >= 1; odd -= 2) sum = sum * square + 1.0 / odd;
  return (x > 0 ? x : 0) + 2 * f * sum;
}

double sigmoid(double x) {
  const double u = exp(x < 0 ? x : -x);
  return (x < 0 ? u : 1) / (1 + u);
}

double tanh(double x) {
  const double e = expm1(x < 0 ? 2 * x : -2 * x), size = -e / (2 + e);
  return x < 0 ? -size : size;
}

// 2/√π · e^(-x²) · Σ x·(2x²)ⁿ / (2n + 1)!!: all terms of one sign, so nothing cancels.
double erf(double x) {
  if (x > 6) return 1;
  if (x < -6) return -1;
  const double twice_square = 2 * x * x;
  double term = x, sum = x, odd = 1;
  while ((term < 0 ? -term : term) > 0x1p-60 * (sum < 0 ? -sum : sum)) {
    odd += 2;
    term = term * twice_square / odd;
    sum += term;
  }
  return 0x1.20dd750429b6dp+0 * exp(-x * x) * sum;
}

double normal_cdf(double x) {
  if (x < -8.5) return 0;
  if (x > 8.5) return 1;
  return 0.5 * (1 + erf(x * 0x1.6a09e667f3bcdp-1));
}

// Newton's steps from 0 towards the left, where Φ is convex: each stays to the right of the solution, so the last is the
// one that goes no further.
double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  double x = 0;
  while (true) {
    const double density = 0x1.9884533d43651p-2 * exp(-0.5 * x * x), next = x - (normal_cdf(x) - p) / density;
    if (!(next < x)) return x;
    x = next;
  }
}

}  // namespace GRADUS::portable

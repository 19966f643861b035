// Derivatives of the smooth ops to order 5, by nested tapes, against closed forms.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/ops.h"

using namespace gradus;

// A lane function of one's own, as autograd/README.md shows it.
namespace mine {

using gradus::Batch, gradus::Dual, gradus::Tensor;

inline Batch atan(const Batch& x) {
  return gradus::each_lane(x, [](gradus::Real x) { return std::atan(x); });
}
template <class T>
Dual<T> atan(Dual<T> x) {
  return {atan(x.v), over(x.d, 1 + x.v * x.v)};
}
Tensor atan(const Tensor& x) {
  return gradus::elementwise<"atan">([](auto x) { return atan(x); }, x);
}

}  // namespace mine

namespace {

constexpr int kOrders = 5;

template <class F>
Tensor derivative(int order, const F& f, const Tensor& x) {
  if (order == 0) return f(x);
  Tape tape(x);
  const Tensor y = sum(derivative(order - 1, f, x));
  return tape.knows(y) ? tape.gradient(y, x) : zeros(x.shape());
}

double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }
double falling(double y, int n) { return n == 0 ? 1 : y * falling(y - 1, n - 1); }  // y·(y - 1)·… n factors

// The n-th derivative of a function y whose first is slope(y), a polynomial: each is a polynomial in y.
double by_polynomial(int n, const std::vector<double>& slope, double y) {
  std::vector<double> p{0, 1};  // y itself
  for (; n > 0; --n) {
    std::vector<double> next(p.size() + slope.size(), 0.0);
    for (std::size_t i = 1; i < p.size(); ++i)
      for (std::size_t k = 0; k < slope.size(); ++k) next[i - 1 + k] += static_cast<double>(i) * p[i] * slope[k];
    p = next;
  }
  double sum = 0;
  for (std::size_t i = p.size(); i-- > 0;) sum = sum * y + p[i];
  return sum;
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double sigmoid_n(int n, double x) { return by_polynomial(n, {0, 1, -1}, sigmoid_of(x)); }
// Hermite's polynomials: Hₙ₊₁ = 2x·Hₙ - 2n·Hₙ₋₁, and Heₙ₊₁ = x·Heₙ - n·Heₙ₋₁.
double hermite(int n, double x, double two) {
  double before = 0, now = 1;
  for (int k = 0; k < n; ++k) {
    const double next = two * (x * now - k * before);
    before = now;
    now = next;
  }
  return now;
}
double cdf_n(int n, double x) {  // the n-th derivative of Φ
  if (n == 0) return std::erfc(-x / std::numbers::sqrt2) / 2;
  const double density = std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  return (n % 2 ? 1 : -1) * hermite(n - 1, x, 1) * density;
}

struct Case {
  std::string name;
  std::function<Tensor(const Tensor&)> f;
  std::function<double(int, double)> expected;  // the n-th derivative at x
  std::vector<Real> at;
};

const std::vector<Real> kAround{-2, Real(-0.75), 0, Real(0.25), 1, Real(2.5)}, kPositive{Real(0.5), 1, 2, Real(3.25)};

std::vector<Case> cases() {
  const auto quotient = [](int n, double x) { return 1.5 * (n % 2 ? -1 : 1) * factorial(n) / std::pow(x, n + 1); };
  const auto logarithm = [](int n, double x) {
    return n == 0 ? std::log(x) : (n % 2 ? 1 : -1) * factorial(n - 1) / std::pow(x, n);
  };
  const auto power = [](double y) { return [y](int n, double x) { return falling(y, n) * std::pow(x, y - n); }; };
  return {
      {"exp", [](const Tensor& x) { return exp(x); }, [](int, double x) { return std::exp(x); }, kAround},
      {"expm1", [](const Tensor& x) { return expm1(x); },
       [](int n, double x) { return n == 0 ? std::expm1(x) : std::exp(x); }, kAround},
      {"log", [](const Tensor& x) { return log(x); }, logarithm, kPositive},
      {"log1p", [](const Tensor& x) { return log1p(x); }, [logarithm](int n, double x) { return logarithm(n, 1 + x); },
       kPositive},
      {"sqrt", [](const Tensor& x) { return sqrt(x); }, power(0.5), kPositive},
      {"tanh", [](const Tensor& x) { return tanh(x); },
       [](int n, double x) { return by_polynomial(n, {1, 0, -1}, std::tanh(x)); }, kAround},
      {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, sigmoid_n, kAround},
      {"softplus", [](const Tensor& x) { return softplus(x); },
       [](int n, double x) { return n == 0 ? std::log1p(std::exp(x)) : sigmoid_n(n - 1, x); }, kAround},
      {"erf", [](const Tensor& x) { return erf(x); },
       [](int n, double x) {
         if (n == 0) return std::erf(x);
         return (n % 2 ? 1 : -1) * 2 * std::numbers::inv_sqrtpi * hermite(n - 1, x, 2) * std::exp(-x * x);
       },
       kAround},
      {"sin", [](const Tensor& x) { return sin(x); },
       [](int n, double x) { return std::sin(x + n * std::numbers::pi / 2); }, kAround},
      {"cos", [](const Tensor& x) { return cos(x); },
       [](int n, double x) { return std::cos(x + n * std::numbers::pi / 2); }, kAround},
      {"silu", [](const Tensor& x) { return silu(x); },
       [](int n, double x) { return x * sigmoid_n(n, x) + (n > 0 ? n * sigmoid_n(n - 1, x) : 0); }, kAround},
      {"gelu", [](const Tensor& x) { return gelu(x); },
       [](int n, double x) { return x * cdf_n(n, x) + (n > 0 ? n * cdf_n(n - 1, x) : 0); }, kAround},
      {"pow, number", [](const Tensor& x) { return pow(x, Real(-1.5)); }, power(-1.5), kPositive},
      {"pow, square", [](const Tensor& x) { return pow(x, 2); }, power(2), kPositive},
      {"pow, cube", [](const Tensor& x) { return pow(x, 3); }, power(3), kPositive},
      {"pow, by the base", [](const Tensor& x) { return pow(x, scalar(Real(2.5))); }, power(2.5), kPositive},
      {"pow, by the exponent", [](const Tensor& x) { return pow(scalar(2), x); },
       [](int n, double x) { return std::pow(std::numbers::ln2, n) * std::pow(2.0, x); }, kAround},
      {"div, by the divisor", [](const Tensor& x) { return scalar(Real(1.5)) / x; }, quotient, kPositive},
      {"div, a number", [](const Tensor& x) { return Real(1.5) / x; }, quotient, kPositive},
      {"div, by both", [](const Tensor& x) { return (x * x) / x; }, [](int n, double x) { return n == 0 ? x : n == 1; },
       kPositive},
  };
}

}  // namespace

TEST_CASE("orders: smooth ops have derivatives of order 5") {
  for (const Case& c : cases())
    for (int n = 0; n <= kOrders; ++n) {
      const Tensor x = tensor({static_cast<std::int64_t>(c.at.size())}, c.at);
      const std::vector<Real> got = derivative(n, c.f, x).values();
      for (std::size_t i = 0; i < c.at.size(); ++i) {
        const double expected = c.expected(n, c.at[i]);
        // Sums of products of up to n + 1 factors, each good to some 5 ulp, of terms up to n! times the result.
        const double near =
            32 * (n + 1) * std::numeric_limits<Real>::epsilon() * std::max(factorial(n), std::abs(expected));
        CHECK_MESSAGE(std::abs(got[i] - expected) <= near, c.name, ", order ", n, " at ", c.at[i], ": ", got[i],
                      " for ", expected);
      }
    }
}

TEST_CASE("orders: mixed derivatives of pow and division") {
  const Tensor x = scalar(2), y = scalar(3);
  const auto mixed = [&](auto f) {  // ∂³/∂x²∂y
    Tape third(y);
    Tape second(x);
    Tape first(x);
    return third.gradient(second.gradient(first.gradient(f(x, y), x), x), y).item();
  };
  const double eps = std::numeric_limits<Real>::epsilon();
  // of xʸ: d/dy y(y - 1)·xʸ⁻² = ((2y - 1) + y(y - 1)·log x)·xʸ⁻²
  const double power = (5 + 6 * std::numbers::ln2) * 2;
  CHECK(std::abs(mixed([](const Tensor& x, const Tensor& y) { return pow(x, y); }) - power) <= 64 * eps * power);
  // of y/x: 2/x³
  CHECK(std::abs(mixed([](const Tensor& x, const Tensor& y) { return y / x; }) - 0.25) <= 64 * eps);
}

TEST_CASE("orders: pow at base 0 and at exponent 0, beyond the first") {
  const auto at = [](int order, Real x, Real y) {
    return derivative(order, [y](const Tensor& x) { return pow(x, scalar(y)); }, scalar(x)).item();
  };
  for (const Real x : {Real(0), Real(2), Real(-3), std::numeric_limits<Real>::quiet_NaN()})
    for (int order = 1; order <= 3; ++order) CHECK(at(order, x, 0) == 0);
  CHECK(at(2, 0, 2) == 2);
  CHECK(at(3, 0, 3) == 6);
  CHECK(at(2, 0, 3) == 0);
  const auto by_exponent = [](int order) {
    return derivative(order, [](const Tensor& y) { return pow(scalar(0), y); }, scalar(2)).item();
  };
  for (int order = 1; order <= 3; ++order) CHECK(by_exponent(order) == 0);
}

TEST_CASE("orders: a function of one's own has every order by Smooth") {
  const auto cube = [](const Tensor& x) {
    return elementwise<"cube">(Smooth{[](auto x) { return x * x * x; }, [](const Tensor& x) { return 3 * x * x; }}, x);
  };
  const Real expected[] = {8, 12, 12, 6, 0};
  for (int order = 0; order <= 4; ++order) CHECK(derivative(order, cube, scalar(2)).item() == expected[order]);
}

TEST_CASE("orders: a lane function of one's own has two") {
  const auto atan_of = [](const Tensor& x) { return mine::atan(x); };
  for (const Real x : {Real(-2), Real(0), Real(0.5), Real(30)}) {
    const double square = 1 + double(x) * double(x), eps = 8 * std::numeric_limits<Real>::epsilon();
    CHECK(derivative(0, atan_of, scalar(x)).item() == std::atan(x));
    CHECK(std::abs(derivative(1, atan_of, scalar(x)).item() - 1 / square) <= eps / square);
    const double second = -2 * double(x) / (square * square);
    CHECK(std::abs(derivative(2, atan_of, scalar(x)).item() - second) <= eps * std::abs(second));
  }
}

TEST_CASE("orders: slopes keep their digits far out, and second derivatives near 0") {
  const auto near = [](Real got, double expected) {
    return std::abs(got - expected) <= 16 * std::numeric_limits<Real>::epsilon() * std::abs(expected);
  };
  const auto op = [](auto f) { return [f](const Tensor& x) { return elementwise<"f">(f, x); }; };
  const auto sigmoid_lane = op([](auto x) { return sigmoid(x); });
  const auto tanh_lane = op([](auto x) { return tanh(x); });
  const auto softplus_lane = op([](auto x) { return softplus(x); });
  for (const Real x : {Real(-60), Real(-8), Real(4), Real(10), Real(17), Real(40), Real(80)}) {
    CAPTURE(x);
    const double e = std::exp(-std::abs(static_cast<double>(x))), s = e / ((1 + e) * (1 + e));
    const double curved = -std::tanh(static_cast<double>(x) / 2) * s;
    CHECK(near(derivative(1, [](const Tensor& x) { return sigmoid(x); }, scalar(x)).item(), s));
    CHECK(near(derivative(2, [](const Tensor& x) { return sigmoid(x); }, scalar(x)).item(), curved));
    CHECK(near(derivative(2, [](const Tensor& x) { return softplus(x); }, scalar(x)).item(), s));
    CHECK(near(derivative(2, sigmoid_lane, scalar(x)).item(), curved));
    CHECK(near(derivative(2, softplus_lane, scalar(x)).item(), s));
    CHECK(near(derivative(1, [](const Tensor& x) { return tanh(x); }, scalar(x / 2)).item(), 4 * s));
    CHECK(near(derivative(2, [](const Tensor& x) { return tanh(x); }, scalar(x / 2)).item(), 8 * curved));
    CHECK(near(derivative(2, tanh_lane, scalar(x / 2)).item(), 8 * curved));
  }
  for (const Real x : {Real(1e-3), Real(-1e-6), Real(1e-20)}) {  // tanh″ = -2x and σ″ = -x/8, but for (x²)
    CAPTURE(x);
    const auto close = [&](Real got, double expected) {
      return std::abs(got - expected) <=
             (16 * std::numeric_limits<Real>::epsilon() + 2 * double(x) * double(x)) * std::abs(expected);
    };
    CHECK(close(derivative(2, [](const Tensor& x) { return tanh(x); }, scalar(x)).item(), -2 * double(x)));
    CHECK(close(derivative(2, tanh_lane, scalar(x)).item(), -2 * double(x)));
    CHECK(close(derivative(2, [](const Tensor& x) { return sigmoid(x); }, scalar(x)).item(), -double(x) / 8));
    CHECK(close(derivative(2, sigmoid_lane, scalar(x)).item(), -double(x) / 8));
  }
}

TEST_CASE("orders: second derivatives that are finite where the first overflow") {
  const Real x = std::sqrt(std::numeric_limits<Real>::max()) * Real(0.9);  // 3x² overflows, 6x does not
  CHECK(derivative(2, [](const Tensor& x) { return pow(x, 3); }, scalar(x)).item() == 6 * x);
  CHECK(derivative(
            2, [](const Tensor& x) { return elementwise<"f">([](auto x) { return x * x * x; }, x); }, scalar(x))
            .item() == 6 * x);
  const Real y = std::cbrt(std::numeric_limits<Real>::max()) * Real(0.9);  // 4x³ overflows, 12x² does not
  const Real expected = 12 * y * y;
  CHECK(std::abs(derivative(2, [](const Tensor& x) { return pow(x, 4); }, scalar(y)).item() / expected - 1) < 1e-5);
}

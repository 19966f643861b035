// lgamma and digamma, and their derivatives, against extended precision over the whole range.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "tensor/simd_gamma.h"

using namespace gradus;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;
constexpr Real kInf = Limits::infinity();
constexpr Real kNaN = Limits::quiet_NaN();

/// The n-th derivative of ψ, n ≤ 2, by a longer way than the lanes go: from 40 up by its asymptotic series.
Wide polygamma(int n, Wide x) {
  constexpr Wide pi = std::numbers::pi_v<Wide>;
  if (x < -0.5L) {
    const Wide above = x - std::floor(x), t = above > 0.5L ? above - 1 : above;
    const Wide sin = std::sin(pi * t), cos = std::sin(pi * (0.5L - std::abs(t)));
    if (n == 0) return polygamma(0, 1 - x) - pi * cos / sin;
    if (n == 1) return pi * pi / (sin * sin) - polygamma(1, 1 - x);
    return polygamma(2, 1 - x) - 2 * pi * pi * pi * cos / (sin * sin * sin);
  }
  Wide sum = 0;
  for (; x < 40; x += 1) sum += n == 0 ? 1 / x : n == 1 ? 1 / (x * x) : 2 / (x * x * x);
  const Wide u = 1 / x, w = u * u;
  if (n == 0)
    return std::log(x) - u / 2 - w * (1 / 12.L - w * (1 / 120.L - w * (1 / 252.L - w * (1 / 240.L - w / 132)))) - sum;
  if (n == 1)
    return sum + u + w / 2 + u * w * (1 / 6.L - w * (1 / 30.L - w * (1 / 42.L - w * (1 / 30.L - w * 5 / 66))));
  return -(sum + w + u * w + w * w * (1 / 2.L - w * (1 / 6.L - w * (1 / 6.L - w * (3 / 10.L - w * 5 / 6)))));
}

struct Function {
  std::string name;
  Batch (*lanes)(const Batch&);
  Wide (*truth)(Wide);
  double above, below;  // what is allowed, in ulp: from 0 up, and below
};
const Function kFunctions[] = {
    {"lgamma", lgamma, [](Wide x) { return std::lgamma(x); }, 6.5, 6.5},
    {"digamma", digamma, [](Wide x) { return polygamma(0, x); }, 9.5, 9.5},
    {"trigamma", trigamma, [](Wide x) { return polygamma(1, x); }, 5, 6},
    {"tetragamma", tetragamma, [](Wide x) { return polygamma(2, x); }, 5, 10},
};

/// |got - truth| in ulp of the truth, but of no less than `least`.
double ulps(Real got, Wide truth, Real least) {
  const Real nearest = static_cast<Real>(truth);
  if (std::isinf(nearest) || !std::isfinite(got)) return got == nearest ? 0 : kInf;
  const Real size = std::max({std::abs(nearest), least, Limits::min()});
  return static_cast<double>(std::abs(got - truth) / (std::nextafter(size, kInf) - size));
}

std::vector<Real> evaluate(Batch (*lanes)(const Batch&), std::vector<Real> x) {
  const std::size_t n = x.size();
  x.resize((n + kLanes - 1) / kLanes * kLanes, 1);
  for (std::size_t i = 0; i < x.size(); i += kLanes) lanes(Batch::load(&x[i])).store(&x[i]);
  x.resize(n);
  return x;
}

void check_all(const std::vector<Real>& x) {
  for (const Function& f : kFunctions) {
    const std::vector<Real> y = evaluate(f.lanes, x);
    double worst = 0;  // as a multiple of what is allowed
    Real where = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      // Around zeros other than lgamma's two the last digits are those of the terms that cancel.
      Real least = f.name == "digamma" ? 1 : 0;
      if (x[i] < 0) least = std::max(Real(1), static_cast<Real>(std::abs(f.truth(1 - x[i]))));
      const double off = ulps(y[i], f.truth(x[i]), least) / (x[i] < 0 ? f.below : f.above);
      if (!(off <= worst)) worst = off, where = x[i];
    }
    CHECK_MESSAGE(worst <= 1, f.name, " is off by ", worst, " of what is allowed at ", where);
  }
}

}  // namespace

TEST_CASE("gamma: from 0 up, and next to the pole there") {
  std::vector<Real> x;
  for (double at = 0; at < 60; at += 0.00137) x.push_back(static_cast<Real>(at));
  for (double at = 1e-37; at < 1e36; at *= 1.021) x.push_back(static_cast<Real>(at));
  for (double at = 1e-30; at < 0.5; at *= 1.021) x.push_back(static_cast<Real>(-at));
  std::erase(x, 0);
  check_all(x);
}

TEST_CASE("gamma: next to the zeros of lgamma, 1 and 2, the relative error stays") {
  std::vector<Real> x;
  for (double h = 4 * Limits::epsilon(); h < 0.3; h *= 1.03)
    for (const double at : {1 - h, 1 + h, 2 - h, 2 + h}) x.push_back(static_cast<Real>(at));
  check_all(x);
  CHECK(lgamma(tensor({2}, {1, 2})).values() == std::vector<Real>{0, 0});
}

TEST_CASE("gamma: below 0, between the poles") {
  std::vector<Real> x;
  for (double at = -40.0001; at < 0; at += 0.00213) x.push_back(static_cast<Real>(at));
  for (int pole = -20; pole < 0; ++pole)  // the zeros of lgamma come close to them
    for (double h = 0.4; h > 1e-5; h *= 0.93)
      for (const double at : {pole - h, pole + h}) x.push_back(static_cast<Real>(at));
  for (const Real far : {Real(-1000.25), Real(-65536.5), Real(-1000000.75)}) x.push_back(far);
  check_all(x);
}

TEST_CASE("gamma: poles, infinities, NaN and the ends of the range") {
  const auto at = [](Tensor (*f)(const Tensor&), Real x) { return f(scalar(x)).item(); };
  for (const Real pole : {Real(0), Real(-0.0), Real(-1), Real(-2), Real(-40), Real(-1e30), -Limits::max(), -kInf, kInf})
    CHECK_MESSAGE(at(lgamma, pole) == kInf, pole);
  CHECK(std::isnan(at(lgamma, kNaN)));
  const double at_least = -std::log(static_cast<double>(Limits::denorm_min()));
  CHECK(std::abs(at(lgamma, Limits::denorm_min()) - at_least) <= 8 * Limits::epsilon() * at_least);
  CHECK(at(lgamma, -Limits::denorm_min()) == at(lgamma, Limits::denorm_min()));
  CHECK(at(lgamma, Limits::max()) == kInf);

  CHECK(at(digamma, 0) == -kInf);
  CHECK(at(digamma, Real(-0.0)) == kInf);
  CHECK(at(digamma, kInf) == kInf);
  for (const Real none : {Real(-1), Real(-2), Real(-1e30), -kInf, kNaN}) CHECK(std::isnan(at(digamma, none)));
  const double at_most = std::log(static_cast<double>(Limits::max()));
  CHECK(std::abs(at(digamma, Limits::max()) - at_most) <= 8 * Limits::epsilon() * at_most);

  const auto first = [](Batch (*f)(const Batch&), Real x) { return evaluate(f, {x})[0]; };
  for (const Real pole : {Real(0), Real(-0.0), Real(-1), Real(-40)}) CHECK(first(trigamma, pole) == kInf);
  CHECK(first(trigamma, kInf) == 0);
  CHECK(first(tetragamma, 0) == -kInf);
  CHECK(first(tetragamma, Real(-0.0)) == kInf);
  CHECK(first(tetragamma, kInf) == 0);
  CHECK(std::isnan(first(tetragamma, -3)));
  for (Batch (*f)(const Batch&) : {trigamma, tetragamma}) {
    CHECK(std::isnan(first(f, kNaN)));
    CHECK(std::isnan(first(f, -kInf)));
  }
}

TEST_CASE("gamma: the gradients are ψ and ψ′ themselves") {
  const Tensor x = tensor({4}, {Real(0.3), Real(-2.5), 7, 1});
  Tape tape(x);
  CHECK(tape.gradient(sum(lgamma(x)), x).values() == digamma(x).values());
  Tape next(x);
  CHECK(next.gradient(sum(digamma(x)), x).values() == evaluate(trigamma, x.values()));
}

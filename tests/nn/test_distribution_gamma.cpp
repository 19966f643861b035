// Poisson, Gamma, StudentT: densities against their formulas in long double, draws against distribution functions, the
// gamma draw's derivative against the quantile's own.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "autograd/functional.h"
#include "nn/distributions.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;
const Real kInf = Limits::infinity(), kNan = Limits::quiet_NaN();
constexpr std::int64_t kDraws = 100'000;

Tensor number(double x) { return scalar(static_cast<Real>(x)); }
Tensor many(double x) { return full({kDraws}, static_cast<Real>(x)); }

/// The masses below and above x of the gamma distribution of shape a: the series, or Lentz's continued fraction, and
/// what is left of 1.
struct GammaMass {
  Wide below, above;
  GammaMass(Wide a, Wide x) {
    const Wide front = std::exp(a * std::log(x) - x - std::lgamma(a));
    if (x < a + 1) {
      Wide term = 1 / a, sum = term;
      for (int n = 1; term > sum * 1e-22L; ++n) sum += term *= x / (a + n);
      below = front * sum;
      above = 1 - below;
    } else {
      Wide b = x + 1 - a, c = 1e300L, d = 1 / b, h = d;
      for (int n = 1; n < 10000; ++n) {
        const Wide k = -n * (n - a);
        b += 2;
        d = 1 / (k * d + b);
        c = b + k / c;
        h *= d * c;
        if (std::abs(d * c - 1) < 1e-21L) break;
      }
      above = front * h;
      below = 1 - above;
    }
  }
};

/// dx/d log a of the quantile x, by a five-point difference of the smaller mass.
Wide quantile_slope(Wide log_a, Wide x) {
  const bool low = x < std::exp(log_a);
  const auto mass = [&](Wide by) {
    const GammaMass m(std::exp(log_a + by), x);
    return low ? m.below : -m.above;
  };
  const Wide h = 2e-3L / (1 + std::exp(log_a / 2)), a = std::exp(log_a);
  const Wide by_log_a = (8 * (mass(h) - mass(-h)) - (mass(2 * h) - mass(-2 * h))) / (12 * h);
  return -by_log_a / std::exp((a - 1) * std::log(x) - x - std::lgamma(a));
}

double ks_distance(std::vector<Real> x, const std::function<double(double)>& cdf) {
  std::sort(x.begin(), x.end());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double below = static_cast<double>(i) / x.size(), p = cdf(x[i]);
    const double off = std::max(std::abs(p - below), std::abs(p - below - 1.0 / x.size()));
    if (!(off <= worst)) worst = off;
  }
  return worst;
}
const double kKsBound = 2.7 / std::sqrt(static_cast<double>(kDraws));  // one seed in a million

}  // namespace

TEST_CASE("poisson: log-probabilities of counts of any size, and at the rate 0") {
  for (const double log_rate : {-20.0, -1.0, 0.0, 2.0, 5.0, 13.0})
    for (const double off : {0.0, -1.0, 3.0}) {
      const Real l = static_cast<Real>(log_rate);
      const Wide rate = std::exp(static_cast<Wide>(l));
      const Real x = std::max(Real(0), std::round(static_cast<Real>(rate + off * std::sqrt(rate) + (off > 0 ? 2 : 0))));
      const Wide truth = x * static_cast<Wide>(l) - rate - std::lgamma(static_cast<Wide>(x) + 1);
      const Wide allowed = 8 * Limits::epsilon() * (1 + std::abs(truth) + std::abs(x - rate) * (1 + std::abs(l))) +
                           4 * std::numeric_limits<Wide>::epsilon() * x * std::abs(l);  // of the truth's own terms
      CHECK_MESSAGE(std::abs(Poisson{scalar(l)}.log_prob(scalar(x)).item() - truth) <= allowed, log_rate, " ", x);
    }
  const Poisson never{scalar(-kInf)};
  CHECK(never.log_prob(scalar(0)).item() == 0);
  CHECK(never.log_prob(scalar(1)).item() == -kInf);
  CHECK(never.log_prob(scalar(100)).item() == -kInf);
  CHECK(never.mean().item() == 0);
  Rng rng;
  CHECK(never.sample(rng).item() == 0);
  CHECK(std::abs(Poisson{number(1.5)}.log_prob(scalar(0)).item() + std::exp(1.5)) <= 4 * Limits::epsilon() * 5);
  CHECK(kl_divergence(never, Poisson{scalar(0)}).item() == 1);
  CHECK(kl_divergence(Poisson{scalar(0)}, never).item() == kInf);
  CHECK(contains(error_of([&] { never.entropy(); }), "[poisson] the entropy has no closed form\nhelp: "));
}

TEST_CASE("poisson: draws have the frequencies of their probabilities, the mean and the variance") {
  for (const double rate : {1e-3, 0.3, 4.0, 9.9, 10.5, 30.0, 1000.0, 1e6, 1e13}) {
    INFO(rate);
    const Real l = static_cast<Real>(std::log(rate));
    const double mean = std::exp(static_cast<double>(l));
    Rng rng{.seed = 51};
    const std::vector<Real> x = Poisson{full({kDraws}, l)}.sample(rng).values();
    CHECK(rng.counter == kDraws);
    double average = 0, square = 0;
    for (const double v : x) average += (v - mean) / kDraws;
    for (const double v : x) square += (v - mean) * (v - mean) / kDraws;
    CHECK(std::abs(average) <= 5 * std::sqrt(mean / kDraws) + mean * Limits::epsilon());
    CHECK(std::abs(square / mean - 1) <= 5 * std::sqrt((2 + 1 / mean) / kDraws) + (rate > 1e9 && sizeof(Real) == 4));
    if (rate > 100) continue;
    std::vector<double> count(200);
    for (const Real v : x) ++count.at(static_cast<std::size_t>(v));
    for (std::size_t k = 0; k < count.size(); ++k) {
      const double p = std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0));
      CHECK(std::abs(count[k] - kDraws * p) <= 5 * std::sqrt(kDraws * p) + 3);
    }
  }
}

TEST_CASE("gamma: densities for shapes of any size, and at 0") {
  for (const double log_a : {-5.0, -0.5, 0.0, 0.7, 1.75, 2.3, 6.0, 12.0})
    for (const double z : {-2.0, 0.0, 3.0}) {
      const Real la = static_cast<Real>(log_a), lb = Real(-0.5);
      const Wide a = std::exp(static_cast<Wide>(la)), b = std::exp(static_cast<Wide>(lb));
      const Real x = static_cast<Real>(a / b * std::exp(z / std::sqrt(a + 1)));
      const Wide truth = a * lb - std::lgamma(a) + (a - 1) * std::log(static_cast<Wide>(x)) - b * x;
      const Wide allowed =
          16 * Limits::epsilon() * (1 + std::abs(truth) + (std::abs(b * x - a) + 1) * (1 + std::abs(la)));
      CHECK_MESSAGE(std::abs(Gamma{scalar(la), scalar(lb)}.log_prob(scalar(x)).item() - truth) <= allowed, log_a, " ",
                    x);
    }
  const auto at_0 = [](double log_a) { return Gamma{number(log_a), number(0.25)}.log_prob(number(0)).item(); };
  CHECK(at_0(-1) == kInf);
  CHECK(std::abs(at_0(0) - Real(0.25)) <= 4 * Limits::epsilon());
  CHECK(at_0(1) == -kInf);
}

TEST_CASE("gamma: draws follow the distribution function, for shapes below and above 1") {
  for (const double a : {0.2, 0.5, 1.0, 3.0, 50.0, 1e4}) {
    INFO(a);
    const Real la = static_cast<Real>(std::log(a)), lb = Real(0.3);
    Rng rng{.seed = 52}, again = rng;
    const Gamma p{full({kDraws}, la), full({kDraws}, lb)};
    const std::vector<Real> x = p.sample(rng).values();
    const double shape = std::exp(static_cast<double>(la)), rate = std::exp(static_cast<double>(lb));
    CHECK(ks_distance(x, [&](double v) { return static_cast<double>(GammaMass(shape, v * rate).below); }) <= kKsBound);
    CHECK(p.rsample(again).values() == x);
    CHECK(rng.counter == kDraws);
    for (const Real v : x) REQUIRE(v > 0);
  }
  Rng rng{.seed = 53};
  for (const Real v : standard_gamma(full({1000}, -12), rng).values()) REQUIRE((v >= Limits::min() && v < 1));
  for (const Real v : standard_gamma(full({100}, 60), rng).values()) CHECK(std::abs(std::log(v) - 60) <= 1e-4);
}

TEST_CASE("gamma: a draw moves with the shape as its quantile does, to second order") {
  constexpr std::int64_t n = 40;
  const double bound = sizeof(Real) == 4 ? 2e-5 : 1e-8;
  for (const double at : {-4.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0, 7.0}) {
    INFO(at);
    const Real la = static_cast<Real>(at);
    const Tensor log_a = full({n}, la);
    Tape outer(log_a), inner(log_a);
    Rng rng{.seed = 54};
    const Tensor x = standard_gamma(log_a, rng);
    const Tensor slope = inner.gradient(sum(x), log_a);
    const Tensor curvature = outer.gradient(sum(slope), log_a);
    const std::vector<Real> draws = x.values(), first = slope.values(), second = curvature.values();
    for (std::size_t i = 0; i < draws.size(); ++i) {
      if (draws[i] < 1e-12) continue;  // the differences of the mass have no digits there
      const Wide truth = quantile_slope(la, draws[i]);
      CHECK_MESSAGE(std::abs(first[i] / truth - 1) <= bound, draws[i]);
      // Along the quantile: a step of the shape, and of x by its slope and half its curvature (midpoint rule).
      const auto along = [&](Wide h) {
        Wide v = draws[i];
        const int steps = 4;
        for (int k = 0; k < steps; ++k) {
          const Wide half = v + h / steps / 2 * quantile_slope(la + h * k / steps, v);
          v += h / steps * quantile_slope(la + h * (k + Wide(0.5)) / steps, half);
        }
        return quantile_slope(la + h, v);
      };
      const Wide h = 4e-4L / (1 + std::exp(static_cast<Wide>(la) / 2));
      const Wide bend = (along(h) - along(-h)) / (2 * h);
      CHECK_MESSAGE(std::abs(second[i] - bend) <= (50 * bound + 1e-4) * (std::abs(bend) + std::abs(truth)), draws[i]);
    }
  }
}

TEST_CASE("student t: densities from heavy tails to a Gaussian's") {
  for (const double df : {0.1, 1.0, 2.0, 7.5, 11.0, 30.0, 1e4})
    for (const double y : {0.0, 1.0, -30.0, 1e6}) {
      const Real l = static_cast<Real>(std::log(df));
      const Wide nu = std::exp(static_cast<Wide>(l)), s = std::exp(Wide(0.5));
      const Real x = static_cast<Real>(2 + y);
      const Wide t = (x - 2) / s;
      const Wide truth = std::lgamma((nu + 1) / 2) - std::lgamma(nu / 2) - std::log(std::numbers::pi_v<Wide> * nu) / 2 -
                         Wide(0.5) - (nu + 1) / 2 * std::log1p(t * t / nu);
      const Real got = StudentT{scalar(l), scalar(2), number(0.5)}.log_prob(scalar(x)).item();
      CHECK_MESSAGE(std::abs(got - truth) <= 16 * Limits::epsilon() * (2 + std::abs(l)) * (1 + std::abs(truth)), df,
                    " ", y);
    }
  const StudentT cauchy{number(0), number(0), number(0)};
  const Real far = sizeof(Real) == 4 ? Real(1e25) : Real(1e200);  // whose square is infinite
  CHECK(std::abs(cauchy.log_prob(scalar(far)).item() / (-std::log(std::numbers::pi) - 2 * std::log(double(far))) - 1) <=
        4 * Limits::epsilon());
  const StudentT wide{number(60), number(1), number(0.5)};
  CHECK(std::abs(wide.log_prob(number(3)).item() - Normal{number(1), number(1)}.log_prob(number(3)).item()) <=
        8 * Limits::epsilon());
  CHECK(std::abs(wide.entropy().item() - Normal{number(1), number(1)}.entropy().item()) <= 8 * Limits::epsilon());
  CHECK(std::abs(cauchy.entropy().item() - std::log(4 * std::numbers::pi)) <= 16 * Limits::epsilon());
  CHECK(std::isnan(cauchy.mean().item()));
  CHECK(std::isnan(cauchy.variance().item()));
  CHECK(StudentT{number(0.5), number(3), number(0)}.mean().item() == 3);
  CHECK(StudentT{number(0.5), number(3), number(0)}.variance().item() == kInf);
  CHECK(std::abs(StudentT{number(std::log(4.0)), number(3), number(0)}.variance().item() - 2) <=
        16 * Limits::epsilon());
}

TEST_CASE("student t: draws follow the distribution function") {
  const auto check_draws = [](double log_df, const std::function<double(double)>& cdf) {
    Rng rng{.seed = 55}, again = rng;
    const StudentT p{many(log_df), many(0.5), many(0.7)};
    const std::vector<Real> x = p.sample(rng).values();
    CHECK_MESSAGE(ks_distance(x, [&](double v) { return cdf((v - 0.5) / std::exp(0.7)); }) <= kKsBound, log_df);
    CHECK(p.rsample(again).values() == x);
  };
  check_draws(0, [](double y) { return 0.5 + std::atan(y) / std::numbers::pi; });
  check_draws(std::numbers::ln2, [](double y) { return 0.5 + y / (2 * std::sqrt(2 + y * y)); });
  check_draws(30, [](double y) { return std::erfc(-y / std::numbers::sqrt2) / 2; });
}

TEST_CASE("poisson, gamma, student t: NaN comes out wherever it goes in, and shapes broadcast") {
  Rng rng;
  const Tensor nan = scalar(kNan), one = scalar(1);
  for (const Tensor& x :
       {Poisson{nan}.sample(rng), Poisson{nan}.log_prob(one), Poisson{one}.log_prob(nan), Gamma{nan, one}.sample(rng),
        Gamma{one, nan}.sample(rng), Gamma{nan, one}.log_prob(one), Gamma{one, nan}.log_prob(one),
        Gamma{one, one}.log_prob(nan), Gamma{nan, one}.entropy(), StudentT{nan, one, one}.sample(rng),
        StudentT{one, nan, one}.sample(rng), StudentT{one, one, nan}.sample(rng), StudentT{nan, one, one}.log_prob(one),
        StudentT{one, one, nan}.log_prob(one), StudentT{one, one, one}.log_prob(nan), StudentT{nan, one, one}.mean(),
        kl_divergence(Poisson{nan}, Poisson{one}), kl_divergence(Gamma{one, one}, Gamma{nan, one})})
    CHECK(std::isnan(x.item()));
  const Gamma g{zeros({3, 1}), zeros({4})};
  const StudentT t{zeros({3, 1}), zeros({4}), zeros({2, 1, 1})};
  for (const Tensor& x : {g.sample(rng), g.mean(), g.variance(), g.entropy()}) CHECK(x.shape() == Shape{3, 4});
  for (const Tensor& x : {t.sample(rng), t.mean(), t.variance(), t.entropy()}) CHECK(x.shape() == Shape{2, 3, 4});
  CHECK(contains(error_of([] { Gamma{zeros({2}), zeros({3})}.mean(); }), "(2)"));
}

TEST_CASE("poisson and gamma draws: a function of the generator's state alone") {
  const Tensor parameters = broadcast_to(tensor({3}, {-1, 1, 4}), {500, 3});
  for (const bool counts : {true, false}) {
    const auto draw = [&](const Tensor& p, Rng rng) {
      return (counts ? Poisson{p}.sample(rng) : standard_gamma(p, rng)).values();
    };
    const std::vector<Real> all = draw(parameters, {1, 2, 3});
    const std::vector<Real> one = draw(reshape(parameters, {1500}), {1, 2, 3}),
                            later = draw(tensor({1}, {4}), {1, 2, 8});
    CHECK(one == all);
    CHECK(later[0] == all[5]);  // element i begins at block counter + i
  }
}

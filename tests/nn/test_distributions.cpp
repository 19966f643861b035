// Distributions: densities and divergences against closed forms in extended precision, samples against their moments.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "autograd/op.h"
#include "nn/distributions.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;

double ulps(Real got, Wide truth) {
  const Real size = std::max(std::abs(static_cast<Real>(truth)), Limits::min());
  return static_cast<double>(std::abs(got - truth) / (std::nextafter(size, Limits::infinity()) - size));
}

Wide normal_log_prob(Wide x, Wide mean, Wide log_variance) {
  const Wide off = x - mean;
  return -(std::log(2 * std::numbers::pi_v<Wide>) + log_variance + off * off * std::exp(-log_variance)) / 2;
}

Wide softplus_of(Wide x) { return std::max(x, Wide(0)) + std::log1p(std::exp(-std::abs(x))); }

struct Moments {
  double mean = 0, variance = 0;
  explicit Moments(const Tensor& x) {
    const std::vector<Real> values = x.values();
    const double n = static_cast<double>(values.size());
    for (const double value : values) mean += value / n;
    for (const double value : values) variance += (value - mean) * (value - mean) / n;
  }
};

constexpr std::int64_t kDraws = 200'000;
// Five standard errors: a right program fails one seed in a million, and ours is fixed.
double five_sigma(double variance) { return 5 * std::sqrt(variance / kDraws); }

Normal gaussian(double mean, double log_variance) {
  return {full({kDraws}, static_cast<Real>(mean)), full({kDraws}, static_cast<Real>(log_variance))};
}

}  // namespace

// ---- Normal ----

TEST_CASE("normal: the density is the formula's") {
  for (const Real x : {Real(0), Real(-1.5), Real(30)})
    for (const Real mean : {Real(0), Real(2)})
      for (const Real log_variance : {Real(0), Real(-5), Real(3)}) {
        const Real got = Normal{scalar(mean), scalar(log_variance)}.log_prob(scalar(x)).item();
        CHECK_MESSAGE(ulps(got, normal_log_prob(x, mean, log_variance)) <= 8, x, " ", mean, " ", log_variance);
        if (log_variance == 0)
          CHECK(ulps(UnitNormal{scalar(mean)}.log_prob(scalar(x)).item(), normal_log_prob(x, mean, 0)) <= 4);
      }
}

TEST_CASE("normal: the density integrates to one") {
  const std::int64_t n = 4001;
  const Real width = Real(0.01);
  const Tensor x = (arange(n) - 2000) * width;
  const Normal p{scalar(Real(0.5)), scalar(Real(0.8))};
  CHECK(std::abs(sum(exp(p.log_prob(x))).item() * width - 1) <= 1e-5);
}

TEST_CASE("normal: samples have the mean and the variance, by either way of drawing") {
  Rng rng{.seed = 1};
  const double mean = -2, log_variance = 1.2, variance = std::exp(log_variance);
  const Normal p = gaussian(mean, log_variance);
  for (const Tensor& x : {p.sample(rng), p.rsample(rng)}) {
    const Moments m(x);
    CHECK(std::abs(m.mean - mean) <= five_sigma(variance));
    CHECK(std::abs(m.variance - variance) <= five_sigma(2 * variance * variance));
  }
  const Moments unit(UnitNormal{full({kDraws}, 3)}.sample(rng));
  CHECK(std::abs(unit.mean - 3) <= five_sigma(1));
  CHECK(std::abs(unit.variance - 1) <= five_sigma(2));
}

TEST_CASE("normal: rsample is mean + sigma times the noise, and differentiable by both, sample is not") {
  const Tensor watched[] = {tensor({2}, {1, 2}), tensor({2}, {0, Real(2 * std::numbers::ln2)})};
  const Tensor noise = tensor({2}, {Real(0.5), -1});
  {
    Tape tape(watched);
    const Tensor z = Normal{watched[0], watched[1]}.rsample(noise);
    CHECK(std::abs(z.at({0}) - 1.5) <= 4 * Limits::epsilon());
    CHECK(std::abs(z.at({1}) - 0) <= 4 * Limits::epsilon());
    const auto gradients = tape.gradient(sum(z));
    CHECK(gradients[0].values() == std::vector<Real>{1, 1});
    CHECK(std::abs(gradients[1].at({0}) - 0.25) <= 4 * Limits::epsilon());  // ½σε
    CHECK(std::abs(gradients[1].at({1}) + 1) <= 4 * Limits::epsilon());
  }
  Rng one{.seed = 3}, two = one, three = one;
  const Normal p{watched[0], watched[1]};
  const Tensor drawn = normal({2}, one);
  CHECK(p.rsample(two).values() == p.rsample(drawn).values());
  CHECK(one.counter == two.counter);
  Tape tape(watched);
  CHECK_FALSE(tracked(p.sample(three)));
  CHECK(three.counter == two.counter);
  CHECK(tracked(p.log_prob(scalar(0))));
}

TEST_CASE("normal: broadcasting mean and log-variance draws each element by itself") {
  Rng rng{.seed = 5};
  const Tensor x = Normal{zeros({3, 1}), zeros({4})}.rsample(rng);
  CHECK(x.shape() == Shape{3, 4});
  const std::vector<Real> values = x.values();
  for (std::size_t i = 1; i < values.size(); ++i) CHECK(values[i] != values[0]);
}

// ---- divergences ----

TEST_CASE("kl: to the standard normal, exact also where sigma is nearly 1") {
  for (const Wide mean : {Wide(0), Wide(1e-4), Wide(-2)})
    for (const Wide log_variance : {Wide(0), Wide(1e-8), Wide(-1e-4), Wide(1e-2), Wide(-0.5), Wide(3), Wide(-20)}) {
      const Real m = static_cast<Real>(mean), lv = static_cast<Real>(log_variance);
      const Real got = kl_divergence(Normal{scalar(m), scalar(lv)}, StandardNormal{}).item();
      // expm1(v) - v loses half its digits below v = 1e-4, but only in proportion to v: KL is about v²/4.
      const Wide truth = (static_cast<Wide>(m) * m + (std::expm1(static_cast<Wide>(lv)) - lv)) / 2;
      const Wide allowed = 4 * Limits::epsilon() * (truth + std::abs(static_cast<Wide>(lv)));
      CHECK_MESSAGE(std::abs(got - truth) <= allowed, mean, " ", log_variance, ": ", got);
      CHECK(got >= 0);
    }
  CHECK(kl_divergence(Normal{scalar(0), scalar(0)}, StandardNormal{}).item() == 0);
}

TEST_CASE("kl: between two normals, the closed form, and zero of one with itself") {
  for (const Wide mean : {Wide(0.5), Wide(-2)})
    for (const Wide log_variance : {Wide(-3), Wide(0), Wide(1.5)}) {
      const Real m = static_cast<Real>(mean), lv = static_cast<Real>(log_variance);
      const Normal q{scalar(m), scalar(lv)}, p{scalar(1), scalar(Real(0.5))};
      const Wide truth =
          (Wide(0.5) - lv + (std::exp(static_cast<Wide>(lv)) + (m - 1) * Wide(m - 1)) / std::exp(Wide(0.5)) - 1) / 2;
      CHECK(std::abs(kl_divergence(q, p).item() - truth) <= 16 * Limits::epsilon() * (1 + truth));
      CHECK(kl_divergence(q, q).item() == 0);
      const Normal standard{scalar(0), scalar(0)};
      CHECK(kl_divergence(q, standard).item() == kl_divergence(q, StandardNormal{}).item());
    }
}

TEST_CASE("kl: is what log q - log p averages to under q") {
  Rng rng{.seed = 7};
  const Normal q = gaussian(0.7, -0.8), p = gaussian(-0.2, 0.4);
  const Tensor z = q.sample(rng);
  const Moments to_p(q.log_prob(z) - p.log_prob(z));
  CHECK(std::abs(to_p.mean - kl_divergence(q, p).at({0})) <= five_sigma(to_p.variance));
  const Moments to_standard(q.log_prob(z) - UnitNormal{zeros({1})}.log_prob(z));
  CHECK(std::abs(to_standard.mean - kl_divergence(q, StandardNormal{}).at({0})) <= five_sigma(to_standard.variance));
}

// ---- Bernoulli ----

TEST_CASE("bernoulli: log-probabilities are exact for logits of any size") {
  for (const Real x : {Real(0), Real(1), Real(0.25)})
    for (const Real size : {Real(0), Real(1e-30), Real(1e-3), Real(0.5), Real(1), Real(10), Real(50), Real(88),
                            Real(200), Real(1e4), Real(1e30)})
      for (const Real logit : {size, -size}) {
        const Real got = Bernoulli{scalar(logit)}.log_prob(scalar(x)).item();
        const Wide truth = logit > 0 ? (static_cast<Wide>(x) - 1) * logit - softplus_of(-static_cast<Wide>(logit))
                                     : static_cast<Wide>(x) * logit - softplus_of(logit);
        CHECK_MESSAGE(ulps(got, truth) <= 4, "x ", x, " logit ", logit, ": ", got);
      }
}

TEST_CASE("bernoulli: the derivative by the logit is x - p, exactly x - 1/2 at 0, and finite everywhere") {
  for (const Real x : {Real(0), Real(1), Real(0.25)})
    for (const Real logit : {Real(0), Real(-0.0), Real(1), Real(-1), Real(50), Real(-50), Real(1e4), Real(-1e4)}) {
      const Tensor l = scalar(logit);
      Tape tape(l);
      const Real got = tape.gradient(Bernoulli{l}.log_prob(scalar(x)), l).item();
      const Wide p = 1 / (1 + std::exp(-static_cast<Wide>(logit)));
      if (logit == 0)
        CHECK(got == x - Real(0.5));
      else
        CHECK_MESSAGE(std::abs(got - (x - p)) <= 4 * Limits::epsilon(), "x ", x, " logit ", logit, ": ", got);
    }
  const Tensor l = scalar(0);
  Tape outer(l), inner(l);
  CHECK(outer.gradient(inner.gradient(Bernoulli{l}.log_prob(scalar(1)), l), l).item() == Real(-0.25));  // -p(1 - p)
}

TEST_CASE("bernoulli: a sure and right answer has a loss above 0 in its own right, a sure and wrong one is its logit") {
  const Bernoulli p{scalar(Real(60))};
  CHECK(p.log_prob(scalar(1)).item() < 0);
  CHECK(p.log_prob(scalar(1)).item() > Real(-1e-25));
  CHECK(p.log_prob(scalar(0)).item() == -60);
}

TEST_CASE("bernoulli: samples are 0 or 1 with the mean's frequency, and have no derivative") {
  for (const double logit : {-2.0, 0.0, 1.0}) {
    Rng rng{.seed = 9};
    const Bernoulli b{full({kDraws}, static_cast<Real>(logit))};
    const double p = 1 / (1 + std::exp(-logit));
    CHECK(std::abs(b.mean().at({0}) - p) <= 4 * Limits::epsilon());
    Tape tape(b.logits);
    const Tensor x = b.sample(rng);
    CHECK_FALSE(tracked(x));
    CHECK(max(x * (1 - x)).item() == 0);
    CHECK(std::abs(Moments(x).mean - p) <= five_sigma(p * (1 - p)));
  }
  Rng rng{.seed = 10};
  CHECK(Bernoulli{tensor({2}, {-1000, 1000})}.sample(rng).values() == std::vector<Real>{0, 1});
}

TEST_CASE("distributions: NaN is not swallowed") {
  const Tensor nan = scalar(Limits::quiet_NaN()), one = scalar(1);
  for (const Tensor& x :
       {Normal{nan, one}.log_prob(one), Normal{one, nan}.log_prob(one), Normal{one, one}.log_prob(nan),
        Bernoulli{nan}.log_prob(one), Bernoulli{one}.log_prob(nan), kl_divergence(Normal{nan, one}, StandardNormal{}),
        kl_divergence(Normal{one, nan}, StandardNormal{}), Bernoulli{nan}.mean(), UnitNormal{nan}.log_prob(one)})
    CHECK(std::isnan(x.item()));
}

// Distributions against themselves: draws against the distribution function and the moments, densities against 1,
// entropies and divergences against integrals and sums in double, pathwise derivatives against differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/gradcheck.h"
#include "autograd/op.h"
#include "nn/distributions.h"

using namespace gradus;

namespace {

using Cdf = std::function<double(double)>;

constexpr std::int64_t kDraws = 100'000;

std::vector<double> wide(const Tensor& x) {
  const std::vector<Real> values = x.values();
  return {values.begin(), values.end()};
}

/// The largest distance between the draws' distribution function and `cdf` (Kolmogorov, Smirnov).
double ks_distance(std::vector<double> x, const Cdf& cdf) {
  std::sort(x.begin(), x.end());
  double worst = 0;
  const double n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double below = static_cast<double>(i) / n, p = cdf(x[i]);
    const double off = std::max(std::abs(p - below), std::abs(p - below - 1 / n));
    if (!(off <= worst)) worst = off;
  }
  return worst;
}
// A right sampler exceeds this for one seed in a million: 2·e^(-2·2.7²).
const double kKsBound = 2.7 / std::sqrt(static_cast<double>(kDraws));

double average(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}
double variance(const std::vector<double>& x) {
  const double m = average(x);
  double sum = 0;
  for (const double v : x) sum += (v - m) * (v - m);
  return sum / static_cast<double>(x.size());
}
// Five standard errors of a mean of draws of that variance.
double five_sigma(double variance) { return 5 * std::sqrt(variance / static_cast<double>(kDraws)); }

Tensor many(double value) { return full({kDraws}, static_cast<Real>(value)); }

/// A distribution's log_prob at many points at once, as a function.
template <class D>
std::vector<double> log_probs(const D& p, const std::vector<double>& x) {
  std::vector<Real> points(x.begin(), x.end());
  return wide(p.log_prob(tensor({static_cast<std::int64_t>(points.size())}, points)));
}

/// ∫ q·weight(log q, log p) over [low, high] by Simpson's rule: the mass, minus the entropy, or the divergence.
template <class Q, class P>
double expectation(const Q& q, const P& p, double low, double high, double (*weight)(double, double)) {
  constexpr int n = 20'000;
  std::vector<double> x;
  for (int i = 0; i <= n; ++i) x.push_back(low + (high - low) * i / n);
  const std::vector<double> log_q = log_probs(q, x), log_p = log_probs(p, x);
  double sum = 0;
  for (int i = 0; i <= n; ++i)
    sum += (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2) * std::exp(log_q[i]) * weight(log_q[i], log_p[i]);
  return sum * (high - low) / n / 3;
}
// Of the numbers behind an integral: log-probabilities of order 10 and their roundings, and Simpson's error at a kink.
constexpr double kIntegral = sizeof(Real) == 8 ? 2e-7 : 2e-5;

template <class Q>
void check_integrals(const char* name, const Q& q, double low, double high) {
  INFO(name);
  CHECK(std::abs(expectation(q, q, low, high, [](double, double) { return 1.0; }) - 1) <= kIntegral);
  const double entropy = -expectation(q, q, low, high, [](double log_q, double) { return log_q; });
  CHECK(std::abs(q.entropy().item() - entropy) <= 4 * kIntegral);
}

template <class Q, class P>
void check_divergence(const char* name, const Q& q, const P& p, double low, double high) {
  INFO(name);
  const double kl = expectation(q, p, low, high, [](double log_q, double log_p) { return log_q - log_p; });
  CHECK(std::abs(kl_divergence(q, p).item() - kl) <= 4 * kIntegral * (1 + kl));
  CHECK(kl > 0);
}

template <class D>
void check_draws(const char* name, const D& p, const Cdf& cdf, double variance_of) {
  INFO(name);
  Rng rng{.seed = 21};
  const std::vector<double> x = wide(p.sample(rng));
  CHECK(ks_distance(x, cdf) <= kKsBound);
  CHECK(std::abs(average(x) - p.mean().at({0})) <= five_sigma(variance_of));
  CHECK(std::abs(variance(x) / variance_of - 1) <= 0.05);
  if constexpr (requires { p.rsample(rng); }) {  // the same draws, with derivatives
    Rng again{.seed = 21};
    CHECK(wide(p.rsample(again)) == x);
    CHECK(again.counter == rng.counter);
  }
}

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

Tensor number(double x) { return scalar(static_cast<Real>(x)); }

}  // namespace

TEST_CASE("draws: follow the distribution function, and have the mean and the variance") {
  const double b = std::exp(0.4);
  check_draws(
      "laplace", Laplace{many(-0.7), many(0.4)},
      [&](double x) { return x < -0.7 ? std::exp((x + 0.7) / b) / 2 : 1 - std::exp(-(x + 0.7) / b) / 2; }, 2 * b * b);
  const double s = std::exp(-0.3);
  check_draws(
      "logistic", Logistic{many(1.5), many(-0.3)}, [&](double x) { return sigmoid_of((x - 1.5) / s); },
      s * s * std::numbers::pi * std::numbers::pi / 3);
  for (const double eta : {-40.0, -2.0, -0.05, -1e-4, 0.0, 1e-3, 0.05, 0.5, 3.0, 30.0}) {
    const ContinuousBernoulli p{many(eta)};
    check_draws(
        "continuous bernoulli", p, [&](double x) { return eta == 0 ? x : std::expm1(eta * x) / std::expm1(eta); },
        ContinuousBernoulli{number(eta)}.variance().item());
  }
  check_draws(
      "unit normal", UnitNormal{many(2)}, [](double x) { return std::erfc((2 - x) / std::numbers::sqrt2) / 2; }, 1);
  check_draws(
      "standard normal", StandardNormal{{kDraws}}, [](double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }, 1);
  const double sd = std::exp(-0.25);
  check_draws(
      "normal", Normal{many(2), many(-0.5)},
      [&](double x) { return std::erfc((2 - x) / sd / std::numbers::sqrt2) / 2; }, sd * sd);
}

TEST_CASE("draws: extreme uniform numbers give finite draws") {
  // 2^24 numbers would be needed to meet the ends: logits and scales far out stand for them.
  Rng rng{.seed = 22};
  for (const double eta : {-1e30, -1e4, -100.0, 100.0, 1e4, 1e30}) {
    const std::vector<double> x = wide(ContinuousBernoulli{many(eta)}.sample(rng));
    for (const double v : x) REQUIRE((v >= 0 && v <= 1));
    CHECK(std::abs(average(x) - (eta > 0)) <= 0.02);
  }
}

TEST_CASE("draws: categorical and discretized logistic have the frequencies of their probabilities") {
  Rng rng{.seed = 23};
  const std::vector<double> logits{0.5, -1, 2, -std::numeric_limits<double>::infinity(), 0};
  const Tensor row = tensor({5}, std::vector<Real>(logits.begin(), logits.end()));
  const Categorical p{broadcast_to(row, {kDraws, 5})};
  const Indices drawn = p.sample(rng);
  CHECK(drawn.shape == Shape{kDraws});
  std::vector<double> count(5);
  for (const std::int64_t c : drawn.values) ++count.at(static_cast<std::size_t>(c));
  const std::vector<double> probability = wide(Categorical{row}.mean());
  for (std::size_t c = 0; c < 5; ++c)
    CHECK(std::abs(count[c] / kDraws - probability[c]) <= five_sigma(probability[c] * (1 - probability[c])));
  CHECK(count[3] == 0);

  for (const auto& at : {std::pair(0.1, -2.0), std::pair(0.5, -4.0), std::pair(1.2, -1.0)}) {
    const double loc = at.first, log_scale = at.second;
    const DiscretizedLogistic pixel{many(loc), many(log_scale)};
    const std::vector<double> x = wide(pixel.sample(rng));
    std::vector<double> levels, seen(256);
    for (int k = 0; k < 256; ++k) levels.push_back(k / 255.0);
    for (const double v : x) {
      const double k = std::round(v * 255);
      REQUIRE(std::abs(v * 255 - k) <= 1e-3);
      REQUIRE((k >= 0 && k <= 255));
      ++seen[static_cast<std::size_t>(k)];
    }
    const std::vector<double> log_p = log_probs(DiscretizedLogistic{number(loc), number(log_scale)}, levels);
    for (std::size_t k = 0; k < 256; ++k) {
      const double mass = std::exp(log_p[k]);
      CHECK(std::abs(seen[k] / kDraws - mass) <= five_sigma(mass) + 5.0 / kDraws);
    }
  }
}

TEST_CASE("draws: each element of a mixture chooses by itself") {
  Rng rng{.seed = 24};
  const Tensor loc = broadcast_to(tensor({2}, {-3, 3}), {kDraws, 2});
  const Mixture<Normal> p{tensor({2}, {0, static_cast<Real>(std::log(3))}), {loc, tensor({2}, {-2, 0})}};
  const double sd = std::exp(-1.0);
  const std::vector<double> x = wide(p.sample(rng));
  CHECK(x.size() == kDraws);
  CHECK(ks_distance(x, [&](double x) {
          return (std::erfc((-3 - x) / sd / std::numbers::sqrt2) / 2 +
                  3 * std::erfc((3 - x) / std::numbers::sqrt2) / 2) /
                 4;
        }) <= kKsBound);
  CHECK(std::abs(average(x) - p.mean().at({0})) <= five_sigma(variance(x)));
}

TEST_CASE("draws: a sample has no derivative, and is a function of the generator's state alone") {
  const Tensor x = tensor({2}, {Real(0.3), -1}), s = tensor({2}, {0, Real(0.5)});
  const std::vector<Tensor> watched{x, s};
  Tape tape(watched);
  const auto check_one = [](const auto& p) {
    Rng one{.seed = 1}, two{.seed = 1};
    const Tensor a = p.sample(one);
    CHECK_FALSE(tracked(a));
    CHECK(a.values() == p.sample(two).values());
    CHECK(tracked(p.log_prob(a)));
    if constexpr (requires { p.rsample(one); }) CHECK(tracked(p.rsample(one)));
  };
  check_one(Normal{x, s});
  check_one(UnitNormal{x});
  check_one(Bernoulli{x});
  check_one(ContinuousBernoulli{x});
  check_one(Laplace{x, s});
  check_one(Logistic{x, s});
  check_one(DiscretizedLogistic{x, s});
  check_one(Mixture<Normal>{s, {x, s}});
}

TEST_CASE("draws: pathwise derivatives are those of the draw, at orders 1 and 2") {
  const Tensor loc = tensor({6}, {Real(0.3), -1, 0, 2, 1, Real(-0.4)}),
               s = tensor({6}, {0, Real(0.5), -1, 1, Real(0.2), 0});
  const auto check_path = [](const char* name, const TensorFunction& f, std::vector<Tensor> in) {
    const GradcheckResult result = gradcheck(f, std::move(in), {.order = 2});
    CHECK_MESSAGE(result.passed, name, ": ", result.message);
  };
  const auto rng = [] { return Rng{.seed = 6}; };
  check_path("normal",
             [&](auto in) {
               Rng r = rng();
               return Normal{in[0], in[1]}.rsample(r);
             },
             {loc, s});
  check_path("unit normal",
             [&](auto in) {
               Rng r = rng();
               return UnitNormal{in[0]}.rsample(r);
             },
             {loc});
  check_path("laplace",
             [&](auto in) {
               Rng r = rng();
               return Laplace{in[0], in[1]}.rsample(r);
             },
             {loc, s});
  check_path("logistic",
             [&](auto in) {
               Rng r = rng();
               return Logistic{in[0], in[1]}.rsample(r);
             },
             {loc, s});
  for (const double eta : {-3.0, -0.5, -0.02, 0.0, 0.003, 0.2, 2.0, 8.0})
    check_path("continuous bernoulli",
               [&](auto in) {
                 Rng r = rng();
                 return ContinuousBernoulli{in[0]}.rsample(r);
               },
               {full({6}, static_cast<Real>(eta))});
}

TEST_CASE("densities: integrate to 1, and entropies are their integrals") {
  check_integrals("normal", Normal{number(0.5), number(0.8)}, -15, 16);
  check_integrals("unit normal", UnitNormal{number(0.5)}, -12, 13);
  check_integrals("standard normal", StandardNormal{}, -12, 12);
  check_integrals("laplace", Laplace{number(0.25), number(-0.5)}, -14.75, 15.25);
  check_integrals("logistic", Logistic{number(0.5), number(-0.5)}, -20, 21);
  for (const double eta : {-30.0, -3.0, -1.1, -0.9, -1e-3, 0.0, 1e-6, 0.5, 1.1, 8.0})
    check_integrals("continuous bernoulli", ContinuousBernoulli{number(eta)}, 0, 1);
  const Mixture<Laplace> p{tensor({3}, {0, 1, -1}), {tensor({3}, {-2, 0, 1}), tensor({3}, {0, -1, 0})}};
  CHECK(std::abs(expectation(p, p, -20, 20, [](double, double) { return 1.0; }) - 1) <= 1e-4);
}

TEST_CASE("divergences: closed forms are their integrals") {
  const Normal normal{number(0.5), number(-0.4)}, other{number(-0.3), number(0.6)};
  const Laplace laplace{number(0.25), number(-0.5)}, broad{number(-0.5), number(0.25)};
  const Logistic logistic{number(0.5), number(-1)};
  const ContinuousBernoulli grey{number(-1.7)}, bright{number(0.6)}, level{number(0)};
  check_divergence("normal, normal", normal, other, -10, 11);
  check_divergence("normal, standard normal", normal, StandardNormal{}, -10, 11);
  check_divergence("normal, unit normal", normal, UnitNormal{number(2)}, -10, 11);
  check_divergence("unit normal, normal", UnitNormal{number(2)}, normal, -10, 14);
  check_divergence("unit normal, laplace", UnitNormal{number(2)}, laplace, -9.75, 14.25);
  check_divergence("laplace, laplace", laplace, broad, -14.75, 15.25);
  check_divergence("laplace, laplace", broad, laplace, -30.5, 29.5);
  check_divergence("normal, laplace", normal, broad, -10.5, 9.5);
  check_divergence("logistic, laplace", logistic, broad, -12, 13);
  check_divergence("laplace, normal", laplace, other, -14.75, 15.25);
  check_divergence("laplace, standard normal", laplace, StandardNormal{}, -14.75, 15.25);
  check_divergence("logistic, normal", logistic, other, -12, 13);
  check_divergence("logistic, unit normal", logistic, UnitNormal{number(0.1)}, -12, 13);
  check_divergence("grey, bright", grey, bright, 0, 1);
  check_divergence("bright, grey", bright, grey, 0, 1);
  check_divergence("level, grey", level, grey, 0, 1);
  check_divergence("grey, level", grey, level, 0, 1);
  check_divergence("grey, normal", grey, other, 0, 1);
}

TEST_CASE("divergences: that to a Laplace distribution is smooth where the locations meet") {
  const auto f = [](std::span<const Tensor> in) {
    return kl_divergence(Logistic{in[0], in[1]}, Laplace{in[2], in[3]});
  };
  const Tensor at[] = {tensor({3}, {Real(0.5), Real(-1), 2}), tensor({3}, {Real(0.3), Real(-0.7), 0})};
  const Tensor x = tensor({3}, {Real(0.5), Real(0.4), -1});
  const GradcheckResult result = gradcheck(f, {at[0], at[1], x, -at[1]}, {.order = 2});
  CHECK_MESSAGE(result.passed, result.message);
}

TEST_CASE("probabilities: sum to 1, and entropies, means and divergences are their sums") {
  std::vector<double> levels;
  for (int k = 0; k < 256; ++k) levels.push_back(k / 255.0);
  for (const auto& at :
       {std::pair(0.1, -2.0), std::pair(0.5, -5.5), std::pair(1.2, -1.0), std::pair(0.3, 3.0), std::pair(-5.0, -3.0)}) {
    const double loc = at.first, log_scale = at.second;
    INFO(loc, " ", log_scale);
    const DiscretizedLogistic q{number(loc), number(log_scale)}, p{number(0.4), number(-2.5)};
    const std::vector<double> log_q = log_probs(q, levels), log_p = log_probs(p, levels);
    double mass = 0, mean = 0, entropy = 0, kl = 0;
    for (std::size_t k = 0; k < 256; ++k) {
      const double probability = std::exp(log_q[k]);
      mass += probability;
      mean += probability * levels[k];
      entropy -= probability * log_q[k];
      kl += probability * (log_q[k] - log_p[k]);
    }
    const double bound = sizeof(Real) == 8 ? 1e-12 : 2e-5;
    CHECK(std::abs(mass - 1) <= bound);
    CHECK(std::abs(q.mean().item() - mean) <= bound);
    CHECK(std::abs(q.entropy().item() - entropy) <= bound * (1 + entropy));
    CHECK(std::abs(kl_divergence(q, p).item() - kl) <= bound * (1 + kl));
    CHECK(kl_divergence(q, q).item() == 0);
  }
  for (const double l : {-3.0, 0.0, 0.7}) {
    const double p = sigmoid_of(l), r = sigmoid_of(0.4);
    CHECK(std::abs(Bernoulli{number(l)}.entropy().item() + p * std::log(p) + (1 - p) * std::log(1 - p)) <= 1e-6);
    CHECK(std::abs(kl_divergence(Bernoulli{number(l)}, Bernoulli{number(0.4)}).item() - p * std::log(p / r) -
                   (1 - p) * std::log((1 - p) / (1 - r))) <= 1e-6);
  }
}

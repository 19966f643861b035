// KL divergences of nearly equal pairs: against sixty digits (tests/golden/divergences.safetensors, made by
// tests/golden/make_divergences.py), and for thousands of pairs never below 0.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include "autograd/elementwise.h"
#include "nn/distributions.h"
#include "nn/distributions/exp_excess.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;
using In = std::span<const Tensor>;
using Function = std::function<Tensor(In)>;

Categorical side_by_side(In logits) { return {stack(logits, -1)}; }

/// By the parameters of q, then those of p.
const std::map<std::string, Function>& divergences() {
  const Function categorical = [](In in) {
    return kl_divergence(side_by_side(in.first(in.size() / 2)), side_by_side(in.last(in.size() / 2)));
  };
  const Function continuous = [](In in) {
    return kl_divergence(ContinuousBernoulli{in[0]}, ContinuousBernoulli{in[1]});
  };
  static const std::map<std::string, Function> all{
      {"bernoulli", [](In in) { return kl_divergence(Bernoulli{in[0]}, Bernoulli{in[1]}); }},
      {"categorical", categorical},
      {"collapsed", categorical},
      {"normal", [](In in) { return kl_divergence(Normal{in[0], in[1]}, Normal{in[2], in[3]}); }},
      {"laplace", [](In in) { return kl_divergence(Laplace{in[0], in[1]}, Laplace{in[2], in[3]}); }},
      {"continuous_bernoulli", continuous},
      {"continuous_bernoulli_far", continuous},
      {"discretized_logistic",
       [](In in) { return kl_divergence(DiscretizedLogistic{in[0], in[1]}, DiscretizedLogistic{in[2], in[3]}); }},
      {"poisson", [](In in) { return kl_divergence(Poisson{in[0]}, Poisson{in[1]}); }},
      {"gamma", [](In in) { return kl_divergence(Gamma{in[0], in[1]}, Gamma{in[2], in[3]}); }},
      {"gamma_large", [](In in) { return kl_divergence(Gamma{in[0], in[1]}, Gamma{in[2], in[3]}); }},
  };
  return all;
}

/// The largest |a - b| as a multiple of |b|, element by element; NaN where there is one.
double relative(const Tensor& a, const Tensor& b) {
  const std::vector<Real> x = a.values(), y = b.values();
  REQUIRE(x.size() == y.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size() && worst == worst; ++i) {
    const double off = x[i] == y[i] ? 0 : std::abs((static_cast<double>(x[i]) - y[i]) / y[i]);
    if (!(off <= worst)) worst = off;
  }
  return worst;
}

// Roundings of the value. A step of the logits beyond 1, or a quotient of logarithms, costs more, and a sum over 256
// levels one for each.
const std::map<std::string, double> kUlps{
    {"continuous_bernoulli", 200}, {"continuous_bernoulli_far", 400}, {"discretized_logistic", 256}};

}  // namespace

TEST_CASE("divergences: nearly equal and unlike pairs, to sixty digits") {
  const Golden golden("divergences.safetensors");
  for (const auto& entry : divergences()) {
    const std::string& name = entry.first;
    const Function& kl = entry.second;
    INFO(name);
    std::vector<Tensor> in;
    for (const Tensor& row : split(golden[name + "/in"], golden[name + "/in"].extent(0), 0))
      in.push_back(reshape(row, {row.numel()}));
    const double ulps = kUlps.contains(name) ? kUlps.at(name) : 40;
    Tape tape(in);
    const Tensor value = kl(in);
    CHECK(relative(value, golden[name + "/value"]) <= ulps * Limits::epsilon());
    // The gradient of a pair against the largest of its numbers.
    const Tensor got = stack(tape.gradient(sum(value)), 0), truth = golden[name + "/gradient"];
    // Where rounding made a pair equal the truth is 0, of which the reference has 1e-40.
    const Tensor size = max(abs(truth), {0}, keepdim) + Real(1e-20);
    CHECK(relative(1 + (got - truth) / size, ones(truth.shape())) <= 2 * ulps * Limits::epsilon());
  }
}

TEST_CASE("divergences: never below 0, whatever the pair, and 0 of one with itself") {
  const Golden golden("divergences.safetensors");
  Rng rng{.seed = 41};
  const std::int64_t n = 4096;
  for (const auto& entry : divergences()) {
    const std::string& name = entry.first;
    const Function& kl = entry.second;
    INFO(name);
    const std::size_t half = golden[name + "/in"].extent(0) / 2;
    for (const double size : {0.1, 1.0, 5.0, 30.0})
      for (const double step : {1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0}) {
        const std::int64_t count = name == "discretized_logistic" ? n / 64 : n;
        std::vector<Tensor> in, same;
        for (std::size_t i = 0; i < half; ++i)
          in.push_back(clamp(normal({count}, rng) * static_cast<Real>(size), -40, 40));  // also e^±40 is a number
        same = in;
        same.insert(same.end(), in.begin(), in.end());
        for (std::size_t i = 0; i < half; ++i)
          in.push_back(clamp(in[i] + (1 + abs(in[i])) * normal({count}, rng) * static_cast<Real>(step), -40, 40));
        const std::vector<Real> apart = kl(in).values(), none = kl(same).values();
        CHECK_MESSAGE(std::ranges::all_of(apart, [](Real v) { return v >= 0; }), size, " ", step);
        CHECK_MESSAGE(std::ranges::all_of(none, [](Real v) { return v == 0; }), size, " ", step);
      }
  }
}

TEST_CASE("divergences: what they are made of, to 8 ulp, with the derivatives that it says it has") {
  std::vector<Real> x;
  for (int k = 0; k < 400; ++k)
    for (const Real sign : {Real(1), Real(-1)}) x.push_back(sign * std::exp2(static_cast<Real>(k - 370) / 10));
  const Tensor in = tensor({static_cast<std::int64_t>(x.size())}, x);
  Tape tape(in);
  const Tensor y = elementwise<"exp_excess">([](auto x) { return exp_excess(x); }, in);
  const std::vector<Real> got = y.values(), slope = tape.gradient(sum(y), in).values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Wide v = x[i];
    Wide truth = std::expm1(v) - v;
    if (std::abs(v) < Wide(0.1)) {
      truth = 0;
      for (int k = 20; k >= 2; --k) truth = (truth + 1) * v / k;
      truth *= v;  // v·(v/2)(1 + v/3(1 + …))
    }
    CHECK_MESSAGE(std::abs(got[i] - truth) <= 8 * Limits::epsilon() * truth, x[i]);
    CHECK_MESSAGE(std::abs(slope[i] - std::expm1(v)) <= 4 * Limits::epsilon() * std::abs(std::expm1(v)), x[i]);
  }
  const auto at = [](Real v) {
    return elementwise<"exp_excess">([](auto x) { return exp_excess(x); }, scalar(v)).item();
  };
  CHECK(at(0) == 0);
  CHECK(at(Limits::infinity()) == Limits::infinity());
  CHECK(at(-Limits::infinity()) == Limits::infinity());
  CHECK(std::isnan(at(Limits::quiet_NaN())));
}

TEST_CASE("divergences: of a bernoulli, as the difference of large terms in long double has it") {
  if (sizeof(Real) == 8) return;  // there it has no digits to spare
  Rng rng{.seed = 42};
  const std::int64_t n = 5000;
  for (const double step : {1e-4, 1e-2, 1.0, 20.0}) {
    const Tensor a = normal({n}, rng) * 4, b = a + normal({n}, rng) * static_cast<Real>(step);
    const std::vector<Real> q = a.values(), p = b.values(), got = kl_divergence(Bernoulli{a}, Bernoulli{b}).values();
    const auto softplus_of = [](Wide x) { return std::max(x, Wide(0)) + std::log1p(std::exp(-std::abs(x))); };
    for (std::size_t i = 0; i < q.size(); ++i) {
      const Wide one = 1 / (1 + std::exp(-static_cast<Wide>(q[i]))), zero = 1 / (1 + std::exp(static_cast<Wide>(q[i])));
      const Wide truth =
          one * (softplus_of(-p[i]) - softplus_of(-q[i])) + zero * (softplus_of(p[i]) - softplus_of(q[i]));
      // The truth is off by 1e-19 of its terms.
      REQUIRE(std::abs(got[i] - truth) <= 24 * Limits::epsilon() * truth + 1e-18L * (1 + std::abs(p[i])));
    }
  }
  CHECK(std::abs(kl_divergence(Bernoulli{scalar(1)}, Bernoulli{scalar(Real(1.0002))}).item() / 3.9334e-9 - 1) <= 1e-3);
}

TEST_CASE("divergences: between unlike distributions with scales far from 1") {
  // Of a Normal from a Laplace of the same scale: by their definition independent of it.
  const auto number = [](double x) { return scalar(static_cast<Real>(x)); };
  const double normal_laplace =
      std::sqrt(2 / std::numbers::pi) + std::numbers::ln2 - (1 + std::log(2 * std::numbers::pi)) / 2;
  const double logistic_laplace = 3 * std::numbers::ln2 - 2;
  for (const double s : {-40.0, -7.0, 0.0, 40.0}) {
    CHECK(std::abs(kl_divergence(Normal{number(0), number(2 * s)}, Laplace{number(0), number(s)}).item() -
                   normal_laplace) <= 8 * Limits::epsilon());
    CHECK(std::abs(kl_divergence(Logistic{number(0), number(s)}, Laplace{number(0), number(s)}).item() -
                   logistic_laplace) <= 8 * Limits::epsilon());
  }
}

TEST_CASE("divergences: classes that one of the two does not have") {
  const Real inf = Limits::infinity();
  const auto kl = [](std::vector<Real> q, std::vector<Real> p) {
    const std::int64_t n = static_cast<std::int64_t>(q.size());
    return kl_divergence(Categorical{tensor({n}, q)}, Categorical{tensor({n}, p)}).item();
  };
  // -log of the mass that p has where q is not 0, and nothing else.
  for (const Real apart : {Real(-30), Real(-10), Real(0), Real(10)})
    CHECK(std::abs(kl({0, 0, -inf}, {0, 0, apart}) / std::log1p(std::exp(static_cast<double>(apart)) / 2) - 1) <=
          8 * Limits::epsilon() * (1 + std::abs(apart)));
  CHECK(kl({0, -inf}, {0, -inf}) == 0);
  CHECK(kl({0, -50}, {0, -inf}) == inf);
  CHECK(std::isnan(kl({0, Limits::quiet_NaN()}, {0, 0})));
  CHECK(std::isnan(kl({0, 0}, {0, Limits::quiet_NaN()})));
}

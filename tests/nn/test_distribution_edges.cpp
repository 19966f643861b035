// Distributions far out and at the edges: extreme parameters, x at its bounds, what is infinite, NaN, and wrong.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "nn/distributions.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;

Tensor number(double x) { return scalar(static_cast<Real>(x)); }

/// log((e^η - 1)/η) and its first two derivatives.
struct Normalizer {
  Wide a, mean, variance;
  explicit Normalizer(Wide eta) {
    if (std::abs(eta) < Wide(1e-2)) {  // the terms left out are below 1e-18 of these
      const Wide z = eta * eta;
      a = eta / 2 + z / 24 - z * z / 2880 + z * z * z / 181440 - z * z * z * z / 9676800;
      mean = Wide(0.5) + eta / 12 - eta * z / 720 + eta * z * z / 30240;
      variance = Wide(1) / 12 - z / 240 + z * z / 6048 - z * z * z / 172800;
    } else {
      const Wide m = -std::abs(eta);
      const Wide below = std::exp(m) / std::expm1(m) - 1 / m;
      a = std::max(eta, Wide(0)) + std::log(std::expm1(m) / m);
      mean = eta > 0 ? 1 - below : below;
      variance = 1 / (m * m) - std::exp(m) / (std::expm1(m) * std::expm1(m));
    }
  }
};

// Every value, and every gradient of order 1 and 2, of f at x.
void check_finite(const std::string& name, const std::function<Tensor(const Tensor&)>& f, double at) {
  const Tensor x = number(at);
  Tape outer(x), inner(x);
  const Tensor y = f(x);
  const Tensor first = inner.gradient(sum(y), x), second = outer.gradient(sum(first) + 0 * sum(x), x);
  for (const Tensor& t : {y, first, second})
    for (const Real v : t.values()) CHECK_MESSAGE(std::isfinite(v), name, " at ", at, ": ", v);
}

}  // namespace

TEST_CASE("continuous bernoulli: right for logits of any size, through 0") {
  for (const double size : {0.0,  1e-30, 1e-8, 1e-4, 1e-3, 9e-3, 0.03,  0.1,   0.3, 0.7,
                            0.99, 1.01,  1.5,  3.0,  10.0, 50.0, 100.0, 800.0, 1e4, 1e30})
    for (const double eta : {size, -size}) {
      INFO(eta);
      const Real logit = static_cast<Real>(eta);
      const Normalizer truth(logit);
      const ContinuousBernoulli p{scalar(logit)};
      for (const Real x : {Real(0), Real(0.25), Real(1)}) {
        const Wide log_prob = logit > 0 ? (x - Wide(1)) * logit - Normalizer(-logit).a : Wide(x) * logit - truth.a;
        CHECK(std::abs(p.log_prob(scalar(x)).item() - log_prob) <= 8 * Limits::epsilon() * (1 + std::abs(log_prob)));
      }
      CHECK(std::abs(p.mean().item() - truth.mean) <= 4 * Limits::epsilon());
      CHECK(std::abs(p.variance().item() - truth.variance) <= 16 * Limits::epsilon());
      const Wide entropy =
          logit > 0 ? Normalizer(-logit).a + logit * Normalizer(-logit).mean : truth.a - logit * truth.mean;
      CHECK(std::abs(p.entropy().item() - entropy) <= 16 * Limits::epsilon() * (1 + std::abs(entropy)));
    }
}

TEST_CASE("distributions: extreme parameters give finite values and derivatives") {
  const Tensor zero = number(0), half = number(0.5), one = number(1);
  const Tensor row = tensor({3}, {0, 1, -1});
  for (const double at :
       {-1e30, -1e4, -300.0, -89.0, -20.0, -1.0, -1e-3, -1e-20, 0.0, 1e-20, 1e-3, 1.0, 20.0, 89.0, 300.0, 1e4, 1e30}) {
    for (const Tensor& x : {zero, half, one}) {
      check_finite("bernoulli", [&](const Tensor& l) { return Bernoulli{l}.log_prob(x); }, at);
      check_finite("continuous bernoulli", [&](const Tensor& l) { return ContinuousBernoulli{l}.log_prob(x); }, at);
    }
    check_finite("bernoulli entropy", [&](const Tensor& l) { return Bernoulli{l}.entropy(); }, at);
    check_finite("continuous bernoulli entropy", [&](const Tensor& l) { return ContinuousBernoulli{l}.entropy(); }, at);
    check_finite("continuous bernoulli mean", [&](const Tensor& l) { return ContinuousBernoulli{l}.mean(); }, at);
    check_finite(
        "continuous bernoulli variance", [&](const Tensor& l) { return ContinuousBernoulli{l}.variance(); }, at);
    for (const double other : {-1e4, 0.0, 30.0}) {
      const Tensor o = number(other);
      check_finite("kl bernoulli q", [&](const Tensor& l) { return kl_divergence(Bernoulli{l}, Bernoulli{o}); }, at);
      check_finite("kl bernoulli p", [&](const Tensor& l) { return kl_divergence(Bernoulli{o}, Bernoulli{l}); }, at);
      check_finite(
          "kl continuous bernoulli q",
          [&](const Tensor& l) { return kl_divergence(ContinuousBernoulli{l}, ContinuousBernoulli{o}); }, at);
      check_finite(
          "kl continuous bernoulli p",
          [&](const Tensor& l) { return kl_divergence(ContinuousBernoulli{o}, ContinuousBernoulli{l}); }, at);
    }
    const auto logits = [&](const Tensor& l) { return concat({row, reshape(l, {1})}, 0); };
    check_finite("categorical", [&](const Tensor& l) { return Categorical{logits(l)}.log_prob(Indices({}, {3})); }, at);
    check_finite("categorical entropy", [&](const Tensor& l) { return Categorical{logits(l)}.entropy(); }, at);
    check_finite(
        "kl categorical",
        [&](const Tensor& l) { return kl_divergence(Categorical{logits(l)}, Categorical{zeros({4})}); }, at);
    if (std::abs(at) < 1e10) {  // squares stay in range
      check_finite("laplace x", [&](const Tensor& x) { return Laplace{zero, zero}.log_prob(x); }, at);
      check_finite("logistic x", [&](const Tensor& x) { return Logistic{zero, zero}.log_prob(x); }, at);
      check_finite("normal x", [&](const Tensor& x) { return Normal{zero, zero}.log_prob(x); }, at);
      check_finite(
          "normal to laplace", [&](const Tensor& m) { return kl_divergence(Normal{m, zero}, Laplace{zero, one}); }, at);
      check_finite(
          "logistic to laplace", [&](const Tensor& m) { return kl_divergence(Logistic{m, zero}, Laplace{zero, one}); },
          at);
      for (const double level : {0.0, 100 / 255.0, 1.0})
        check_finite(
            "discretized logistic",
            [&](const Tensor& loc) { return DiscretizedLogistic{loc, number(-4)}.log_prob(number(level)); }, at);
    }
  }
  for (const double s : {-60.0, -30.0, -7.0, 0.0, 7.0, 30.0, 60.0}) {  // scales of e^±60
    for (const Tensor& x : {zero, number(1e-20)}) {
      check_finite("normal", [&](const Tensor& v) { return Normal{zero, v}.log_prob(x); }, s);
      check_finite("laplace", [&](const Tensor& v) { return Laplace{zero, v}.log_prob(x); }, s);
      check_finite("logistic", [&](const Tensor& v) { return Logistic{zero, v}.log_prob(x); }, s);
    }
    for (const double level : {0.0, 100 / 255.0, 1.0})
      for (const double loc : {0.1, 0.5, 100 / 255.0})
        if (s > -40)
          check_finite(
              "discretized logistic",
              [&](const Tensor& v) { return DiscretizedLogistic{number(loc), v}.log_prob(number(level)); }, s);
  }
}

TEST_CASE("distributions: a variance or scale as small as floats go leaves the density at its peak") {
  // e^-log_variance alone would be infinite, and 0 times it not a number.
  CHECK(std::abs(Normal{number(1), number(-100)}.log_prob(number(1)).item() - 49.0810615) <= 1e-4);
  CHECK(std::abs(Laplace{number(1), number(-100)}.log_prob(number(1)).item() - 99.3068528) <= 1e-4);
  CHECK(std::abs(Logistic{number(1), number(-100)}.log_prob(number(1)).item() - 98.6137056) <= 1e-4);
}

TEST_CASE("kl: scales whose squares no number holds, and distances beyond all scales") {
  const double laplace = 0.5 * std::log(2 * std::numbers::pi) - std::numbers::ln2;  // of any b to a variance of b²
  const double logistic = 0.5 * std::log(2 * std::numbers::pi) - 2 + std::numbers::pi * std::numbers::pi / 6;
  for (const double s : {-52.0, -20.0, 0.0, 45.0}) {
    const Normal p{number(0), number(2 * s)};
    CHECK(std::abs(kl_divergence(Laplace{number(0), number(s)}, p).item() - laplace) <= 128 * Limits::epsilon());
    CHECK(std::abs(kl_divergence(Logistic{number(0), number(s)}, p).item() - logistic) <= 128 * Limits::epsilon());
  }
  const auto slopes = [](double loc, double log_variance, double p_scale) {
    const std::vector<Tensor> q{number(loc), number(log_variance), number(0)};
    Tape tape(q);
    return tape.gradient(kl_divergence(Normal{q[0], q[1]}, Laplace{q[2], number(p_scale)}));
  };
  for (const auto& [loc, log_variance] : {std::pair(1.0, -89.0), {1e3, -83.0}, {1e-3, -100.0}, {1e10, -60.0}}) {
    const std::vector<Tensor> d = slopes(loc, log_variance, 0);
    CHECK(d[0].item() == 1);
    CHECK(std::abs(d[1].item() + 0.5) <= Limits::epsilon());
    CHECK(d[2].item() == -1);
  }
  const double loc = Real(-16.401), log_variance = Real(3.0009), p_scale = Real(-5.398);
  const double t = loc / std::exp(log_variance / 2);
  const double peak = std::exp(-t * t / 2 + log_variance / 2 - p_scale) / std::sqrt(2 * std::numbers::pi);
  CHECK(std::abs(slopes(loc, log_variance, p_scale)[1].item() - (peak - 0.5)) <= 32 * Limits::epsilon());
}

TEST_CASE("distributions: distances that are infinite in units of the scale") {
  const Real s = sizeof(Real) == 4 ? -87 : -708, infinity = Limits::infinity();
  const auto look = [](const auto& f, std::vector<Tensor> x, double value, std::vector<double> slopes) {
    Tape tape(x);
    const Tensor y = f(x);
    CHECK(std::abs(y.item() - value) <= 8 * Limits::epsilon() * std::abs(value));
    const std::vector<Tensor> d = tape.gradient(y);
    for (std::size_t i = 0; i < slopes.size(); ++i)
      CHECK_MESSAGE(std::abs(d[i].item() - slopes[i]) <= 8 * Limits::epsilon() * std::abs(slopes[i]), i);
  };
  // Where q is next to a point, E|x - μ'| is the distance: log-scales q and p, |d|/b and the entropy are left.
  look([](const auto& x) { return kl_divergence(Laplace{x[0], x[1]}, Laplace{x[2], x[3]}); },
       {number(0), number(s), number(10), number(0)}, 10 - s - 1, {-1, -1, 1, 1 - 10});
  look([](const auto& x) { return kl_divergence(Logistic{x[0], x[1]}, Laplace{x[2], x[3]}); },
       {number(0), number(s), number(10), number(0)}, 10 + std::numbers::ln2 - s - 2, {-1, -1, 1, 1 - 10});
  CHECK(Logistic{number(10), number(s)}.log_prob(number(0)).item() == -infinity);
  CHECK(Logistic{number(0), number(s)}.log_prob(number(10)).item() == -infinity);
  CHECK(Logistic{number(0), number(0)}.log_prob(number(-infinity)).item() == -infinity);
  CHECK(Logistic{number(0), number(0)}.log_prob(number(-1e30)).item() == Real(-1e30));
  look([](const auto& x) { return DiscretizedLogistic{x[0], x[1]}.entropy(); }, {number(10), number(s)}, 0, {0, 0});
  look([](const auto& x) { return DiscretizedLogistic{x[0], x[1]}.mean(); }, {number(10), number(s)}, 1, {0, 0});
  const DiscretizedLogistic wide{number(0.5), number(-8)}, far{number(10), number(s)};
  CHECK(kl_divergence(wide, far).item() == infinity);
  const auto classes = [](Real first) { return Categorical{tensor({3}, {first, 0, 0})}; };
  for (const Real small : {Real(-50), Real(-110), Real(-2000)})
    CHECK(kl_divergence(classes(small), classes(-infinity)).item() == infinity);
  CHECK(kl_divergence(classes(-infinity), classes(-infinity)).item() == 0);
}

TEST_CASE("discretized logistic: the mass of a level of some widths") {
  for (const double log_scale : {-3.0, -6.0, -7.0, -8.0}) {
    const double scale = std::exp(log_scale), level = 100;
    const auto below = [&](double border) { return 1 / (1 + std::exp(-(border / 255 - 0.4) / scale)); };
    const double truth = std::log(below(level + 0.5) - below(level - 0.5));
    const Real got = DiscretizedLogistic{number(0.4), number(log_scale)}.log_prob(number(level / 255)).item();
    CHECK(std::abs(got - truth) <= 3000 * Limits::epsilon() * std::max(1.0, std::abs(truth)));
  }
}

TEST_CASE("discretized logistic: right where a level's mass is too small for a number") {
  // Far below the location, the mass of a level is e^(upper) - e^(lower) in units of the scale.
  const double scale = std::exp(-6.0);
  const Real got = DiscretizedLogistic{number(1), number(-6)}.log_prob(number(51 / 255.)).item();
  const double upper = (51.5 / 255 - 1) / scale;
  const double truth = upper + std::log1p(-std::exp(-1 / 255. / scale));
  CHECK(truth < -300);
  CHECK(std::abs(got / truth - 1) <= 8 * Limits::epsilon());
  // A scale below a level's width: the level at the location has it all, and its neighbours next to nothing.
  const DiscretizedLogistic sharp{number(100 / 255.), number(-12)};
  CHECK(std::abs(sharp.log_prob(number(100 / 255.)).item()) <= 1e-30);
  CHECK(sharp.log_prob(number(101 / 255.)).item() < -300);
  // All of it beyond an end.
  CHECK(std::abs(DiscretizedLogistic{number(5), number(-3)}.log_prob(number(1)).item()) <= 1e-30);
  CHECK(std::abs(DiscretizedLogistic{number(5), number(-3)}.mean().item() - 1) <= 1e-6);
}

TEST_CASE("categorical: a logit of -inf is a class that never comes, without NaN") {
  const Real inf = Limits::infinity();
  const Tensor logits = tensor({3}, {0, -inf, 0});
  Tape tape(logits);
  const Categorical q{logits}, p{tensor({3}, {0, 0, 0})};
  CHECK(q.mean().values() == std::vector<Real>{Real(0.5), 0, Real(0.5)});
  CHECK(q.log_prob(Indices({}, {1})).item() == -inf);
  CHECK(std::abs(q.entropy().item() - std::log(2.0)) <= 1e-6);
  CHECK(std::abs(q.log_prob(tensor({3}, {1, 0, 0})).item() + std::log(2.0)) <= 1e-6);
  CHECK(std::abs(kl_divergence(q, p).item() - std::log(1.5)) <= 1e-6);
  CHECK(kl_divergence(p, q).item() == inf);
  CHECK(kl_divergence(q, q).item() == 0);
  for (const Real d : tape.gradient(q.entropy(), logits).values()) CHECK(std::isfinite(d));
}

TEST_CASE("distributions: NaN comes out wherever it goes in") {
  const Tensor nan = scalar(Limits::quiet_NaN()), one = number(1);
  for (const Tensor& x : {ContinuousBernoulli{nan}.log_prob(one),
                          ContinuousBernoulli{one}.log_prob(nan),
                          ContinuousBernoulli{nan}.mean(),
                          ContinuousBernoulli{nan}.entropy(),
                          ContinuousBernoulli{nan}.variance(),
                          Laplace{nan, one}.log_prob(one),
                          Laplace{one, nan}.log_prob(one),
                          Laplace{one, one}.log_prob(nan),
                          Logistic{nan, one}.log_prob(one),
                          Logistic{one, nan}.log_prob(one),
                          Logistic{one, one}.log_prob(nan),
                          DiscretizedLogistic{nan, one}.log_prob(one),
                          DiscretizedLogistic{one, nan}.log_prob(one),
                          DiscretizedLogistic{nan, one}.mean(),
                          DiscretizedLogistic{one, nan}.entropy(),
                          Bernoulli{nan}.entropy(),
                          kl_divergence(Bernoulli{nan}, Bernoulli{one}),
                          kl_divergence(ContinuousBernoulli{one}, ContinuousBernoulli{nan}),
                          kl_divergence(Laplace{one, nan}, Laplace{one, one}),
                          Categorical{reshape(nan, {1})}.entropy()})
    CHECK(std::isnan(x.item()));
}

TEST_CASE("distributions: parameters that broadcast give values and draws of the common shape") {
  Rng rng;
  const Tensor loc = zeros({3, 1}), s = zeros({4});
  const auto check_shapes = [&](const auto& p, const Shape& shape) {
    CHECK(p.mean().shape() == shape);
    CHECK(p.sample(rng).shape() == shape);
    CHECK(p.log_prob(zeros({2, 1, 1})).shape() == Shape{2, 3, 4});
    CHECK(p.entropy().shape() == shape);
  };
  check_shapes(Normal{loc, s}, {3, 4});
  check_shapes(Laplace{loc, s}, {3, 4});
  check_shapes(Logistic{loc, s}, {3, 4});
  check_shapes(DiscretizedLogistic{loc, s}, {3, 4});
  check_shapes(Bernoulli{zeros({3, 4})}, {3, 4});
  check_shapes(ContinuousBernoulli{zeros({3, 4})}, {3, 4});
  check_shapes(UnitNormal{zeros({3, 4})}, {3, 4});
  check_shapes(StandardNormal{{3, 4}}, {3, 4});
  const Laplace pairs{broadcast_to(loc, {3, 4}), s};
  CHECK(Mixture<Laplace>{zeros({4}), pairs}.sample(rng).shape() == Shape{3});
  CHECK(Mixture<Laplace>{zeros({3, 1, 4}), {loc, s}}.log_prob(zeros({3, 3})).shape() == Shape{3, 3});
  CHECK(kl_divergence(Normal{loc, s}, StandardNormal{{2, 1, 1}}).shape() == Shape{2, 3, 4});
  CHECK(Categorical{zeros({0, 4})}.sample(rng).shape == Shape{0});
  CHECK(Mixture<Normal>{zeros({0, 4}), {zeros({0, 4}), zeros({4})}}.sample(rng).shape() == Shape{0});
}

namespace {
struct Mine {  // a user's distribution
  Tensor sample(Rng&) const { return scalar(0); }
  Tensor log_prob(const Tensor& x) const { return x; }
};
struct Other : Mine {};
struct OnlyDensity {
  Tensor log_prob(const Tensor& x) const { return -x; }
};
Tensor kl_divergence(const Mine&, const Other&) { return scalar(7); }
}  // namespace

TEST_CASE("kl: a pair without a closed form is named, and how to estimate it") {
  const Tensor x = scalar(0);
  const Normal normal{x, x};
  const Logistic logistic{x, x};
  CHECK(error_of([&] { kl_divergence(normal, logistic); }) ==
        "[kl_divergence] no closed form is known here between Normal and Logistic\n"
        "help: estimate it by samples z of q: "
        "the mean of q.log_prob(z) - p.log_prob(z)");
  const auto says = [](const auto& q, const auto& p, const std::string& pair) {
    CHECK_MESSAGE(contains(error_of([&] { kl_divergence(q, p); }), "known here between " + pair + "\nhelp: "), pair);
  };
  const Mixture<Normal> mixture{zeros({1}), normal};
  says(logistic, logistic, "Logistic and Logistic");
  says(mixture, mixture, "Mixture<Normal> and Mixture<Normal>");
  says(mixture, StandardNormal{}, "Mixture<Normal> and Normal");
  says(Bernoulli{x}, normal, "Bernoulli and Normal");
  says(Categorical{zeros({1})}, Bernoulli{x}, "Categorical and Bernoulli");
  says(Laplace{x, x}, DiscretizedLogistic{x, x}, "Laplace and DiscretizedLogistic");
  says(Mine{}, normal, "Mine and Normal");
  says(Laplace{x, x}, Mine{}, "Laplace and Mine");
  says(OnlyDensity{}, normal, "OnlyDensity and Normal");
  CHECK(kl_divergence(Mine{}, Other{}).item() == 7);  // a user's own closed form
}

TEST_CASE("distributions: what does not fit is a sentence") {
  Rng rng;
  const Tensor two = zeros({2}), three = zeros({3});
  const std::pair<std::function<void()>, std::string> cases[] = {
      {[&] { Normal{two, three}.mean(); }, "[normal] "},
      {[&] { Normal{two, two}.log_prob(three); }, "[normal_log_prob] "},
      {[&] { Laplace{two, three}.sample(rng); }, "[laplace] "},
      {[&] { Laplace{two, two}.log_prob(three); }, "[laplace_log_prob] "},
      {[&] { Logistic{two, three}.entropy(); }, "[logistic] "},
      {[&] { DiscretizedLogistic{two, three}.sample(rng); }, "[discretized_logistic] "},
      {[&] { ContinuousBernoulli{two}.log_prob(three); }, "[continuous_bernoulli_log_prob] "},
      {[&] { kl_divergence(Bernoulli{two}, Bernoulli{three}); }, "[kl_bernoulli] "},
      {[&] { kl_divergence(Normal{two, two}, StandardNormal{{3}}); }, "[kl_standard_normal] "},
      {[&] { Categorical{scalar(0)}.sample(rng); }, "[categorical] logits () have no classes along the last axis"},
      {[&] { Categorical{zeros({2, 0})}.mean(); }, "[categorical] logits (2, 0) have no classes along the last axis"},
      {[&] { Categorical{three}.log_prob(Indices{0, 1}); }, "[categorical] classes (2) do not fit logits (3)"},
      {[&] { Categorical{three}.log_prob(Indices({}, {3})); }, "[categorical] class 3 is not one of 3"},
      {[&] { Categorical{three}.log_prob(Indices({}, {-1})); }, "[categorical] class -1 is not one of 3"},
      {[&] { Categorical{three}.log_prob(two); }, "[categorical] one-hot vectors (2) do not fit logits (3)"},
      {[&] { kl_divergence(Categorical{two}, Categorical{three}); },
       "[kl_divergence] (2) and (3) are not as many classes"},
      {[&] { Mixture<Normal>{two, {three, three}}.mean(); }, "[mixture] logits (2) and components (3) differ"},
      {[&] { Mixture<Normal>{two, {three, three}}.log_prob(scalar(0)); },
       "[mixture] logits (2) and components (3) differ"},
      {[&] { Mixture<Normal>{zeros({5, 3}), {three, three}}.sample(rng); },
       "[mixture] components (3) do not have all axes"},
      {[&] { Mixture<Normal>{three, {three, three}}.entropy(); }, "[mixture] the entropy has no closed form"},
      {[&] { Mixture<Normal>{scalar(0), {scalar(0), scalar(0)}}.mean(); }, "[mixture] logits () and components ()"},
  };
  for (const auto& wrong : cases) CHECK(contains(error_of(wrong.first), wrong.second));
}

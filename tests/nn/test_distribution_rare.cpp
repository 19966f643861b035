// What is rare comes at its rate, and what is no number does not become one: draws at the edges.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "nn/distributions.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Limits = std::numeric_limits<Real>;
const Real kInf = Limits::infinity(), kNan = Limits::quiet_NaN();

// The first word of this block is 0: the size of its signed_uniform number is 4.19e-10 (4.93e-10 in double).
const Rng kRare{1, 0, 91093890};

Tensor number(double x) { return scalar(static_cast<Real>(x)); }

double ones(const Tensor& x) {
  double count = 0, zeros = 0;
  for (const Real v : x.values()) {
    count += v == 1;
    zeros += v == 0;
  }
  CHECK(count + zeros == x.numel());
  return count;
}

template <class D>
Real first_draw(const D& p) {
  Rng rng = kRare;
  return p.sample(rng).values()[0];
}

}  // namespace

TEST_CASE("rare: a bernoulli's rarer outcome, on either side") {
  constexpr std::int64_t n = 1 << 22;
  for (const double p : {1e-5, 1e-4, 0.03, 0.5}) {
    const double logit = std::log(p) - std::log1p(-p), bound = 5 * std::sqrt(n * p * (1 - p));
    Rng rng{.seed = 31};
    CHECK(std::abs(ones(Bernoulli{full({n}, static_cast<Real>(logit))}.sample(rng)) - n * p) <= bound);
    CHECK(std::abs(n - ones(Bernoulli{full({n}, static_cast<Real>(-logit))}.sample(rng)) - n * p) <= bound);
  }
  // At noise of some 4.5e-10: probabilities of 7.6e-10 and 1.0e-10, of the 1 and of the 0.
  CHECK(first_draw(Bernoulli{number(-21)}) == 1);
  CHECK(first_draw(Bernoulli{number(-23)}) == 0);
  CHECK(first_draw(Bernoulli{number(21)}) == 0);
  CHECK(first_draw(Bernoulli{number(23)}) == 1);
  Rng rare = kRare, again = kRare;
  CHECK(bernoulli({1}, Real(7.6e-10), rare).item() == 1);
  CHECK(bernoulli({1}, Real(1e-10), again).item() == 0);
}

TEST_CASE("rare: classes, at their rates") {
  constexpr std::int64_t n = 1 << 20;
  const std::vector<double> p{1e-5, 2e-4, 1 - 1e-5 - 2e-4 - 0.01, 0.01};
  std::vector<Real> logits;
  for (const double v : p) logits.push_back(static_cast<Real>(std::log(v) + 5));
  Rng rng{.seed = 32};
  std::vector<double> count(4);
  for (const std::int64_t c : Categorical{broadcast_to(tensor({4}, logits), {n, 4})}.sample(rng).values)
    ++count[static_cast<std::size_t>(c)];
  for (std::size_t c = 0; c < 4; ++c) CHECK(std::abs(count[c] - n * p[c]) <= 5 * std::sqrt(n * p[c] * (1 - p[c])));
  // The waiting times of this state are 4.2e-10 (4.9e-10) and 0.07 (0.2): at a rate of e^-18 the first is the shorter
  // one, at e^-22 it is not. Noise in steps of 2^-24 would let neither come first.
  for (const auto& [logit, wins] : {std::pair(-18.0, true), {-22.0, false}}) {
    Rng at = kRare;
    CHECK(Categorical{tensor({2}, {static_cast<Real>(logit), 0})}.sample(at).values[0] == (wins ? 0 : 1));
  }
  // Logits of any size: only their differences matter, which are exact here.
  Rng near = kRare, far = kRare;
  const Tensor row = broadcast_to(tensor({3}, {0, 2, 1}), {1000, 3});
  CHECK(Categorical{row}.sample(near).values == Categorical{row + 65536}.sample(far).values);
}

TEST_CASE("rare: tails of continuous draws") {
  const double size = sizeof(Real) == 4 ? 3867641609 * 0x1p-63 : 141968855 * 0x1p-58;
  CHECK(std::abs(first_draw(Laplace{number(0), number(0)}) / -std::log(size) - 1) <= 1e-6);
  CHECK(std::abs(first_draw(Logistic{number(0), number(0)}) / -std::log(size / 2) - 1) <= 1e-6);
  // Mass beyond 20 scales, 2e-9: the grid of 2^-24 ended at 16.6.
  CHECK(std::abs(first_draw(Laplace{number(0), number(0)})) > 20);
  // With density in proportion to e^(-40x), x = -log(u)/40 for small u.
  CHECK(std::abs(first_draw(ContinuousBernoulli{number(-40)}) / (-std::log(size / 2) / 40) - 1) <= 1e-6);
}

TEST_CASE("draws: NaN parameters give NaN, at their place alone") {
  Rng rng;
  const Tensor bad = tensor({3}, {0, kNan, 0}), good = zeros({3});
  const auto check_place = [&](const char* name, const Tensor& x) {
    const std::vector<Real> v = x.values();
    REQUIRE(v.size() == 3);
    CHECK_MESSAGE((std::isfinite(v[0]) && std::isnan(v[1]) && std::isfinite(v[2])), name);
  };
  check_place("normal", Normal{bad, good}.sample(rng));
  check_place("normal", Normal{good, bad}.sample(rng));
  check_place("normal", Normal{good, bad}.rsample(rng));
  check_place("unit normal", UnitNormal{bad}.sample(rng));
  check_place("bernoulli", Bernoulli{bad}.sample(rng));
  check_place("continuous bernoulli", ContinuousBernoulli{bad}.sample(rng));
  check_place("laplace", Laplace{bad, good}.sample(rng));
  check_place("laplace", Laplace{good, bad}.rsample(rng));
  check_place("logistic", Logistic{bad, good}.sample(rng));
  check_place("logistic", Logistic{good, bad}.rsample(rng));
  check_place("discretized logistic", DiscretizedLogistic{bad, good}.sample(rng));
  check_place("discretized logistic", DiscretizedLogistic{good, bad}.sample(rng));
  const Tensor component = tensor({3, 2}, {0, 0, 0, kNan, 0, 0});
  for (int time = 0; time < 20; ++time)  // whichever is chosen
    check_place("mixture", Mixture<Normal>{zeros({2}), {component, zeros({2})}}.sample(rng));
}

TEST_CASE("draws: classes that have no probabilities are an Error that says where") {
  Rng rng;
  const auto says = [&](std::initializer_list<Real> values, const char* what) {
    const Tensor logits = tensor({2, 2}, values);
    CHECK(error_of([&] { Categorical{logits}.sample(rng); }) ==
          std::string("[categorical] row 1 of the logits (2, 2) ") + what);
  };
  says({0, 1, kNan, 0}, "holds NaN");
  says({0, 1, 0, kNan}, "holds NaN");
  says({0, 1, -kInf, -kInf}, "has no class: all are -inf");
  says({0, 1, 0, kInf}, "holds inf");
  CHECK(contains(error_of([&] { Mixture<Normal>{tensor({2}, {0, kNan}), {zeros({2}), zeros({2})}}.sample(rng); }),
                 "holds NaN"));
  CHECK(Categorical{tensor({2}, {-kInf, 0})}.sample(rng).values[0] == 1);
}

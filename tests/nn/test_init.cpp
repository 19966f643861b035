// How weights begin: the spread and the bounds that each scheme promises.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nn/gru.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr std::int64_t kIn = 300, kOut = 500;

struct Statistics {
  double mean = 0, variance = 0, largest = 0;
  explicit Statistics(const Tensor& x) {
    const std::vector<Real> values = x.values();
    const double n = static_cast<double>(values.size());
    for (const double value : values) {
      mean += value / n;
      largest = std::max(largest, std::abs(value));
    }
    for (const double value : values) variance += (value - mean) * (value - mean) / n;
  }
};

Statistics weights(Init init) {
  Rng rng{.seed = 1};
  return Statistics(initial_weight(init, {kOut, kIn}, kIn, kOut, rng));
}

/// Of n = kIn·kOut numbers of that variance, five standard errors; the kurtosis of a normal is the largest here.
void check_moments(const Statistics& s, double variance) {
  const double n = kIn * kOut;
  CHECK(std::abs(s.mean) <= 5 * std::sqrt(variance / n));
  CHECK(std::abs(s.variance - variance) <= 5 * variance * std::sqrt(2 / n));
}

}  // namespace

TEST_CASE("init: variance scaling is a normal of variance 1.3 * 2 / fan_in cut at two standard deviations") {
  const Statistics s = weights(Init::variance_scaling);
  const double before_cut = 1.3 * 2 / kIn;
  // Of a standard normal cut at ±a, the variance is 1 - 2aφ(a)/(2Φ(a) - 1).
  const double density = std::exp(-2.0) / std::sqrt(2 * std::numbers::pi), inside = std::erf(std::numbers::sqrt2);
  check_moments(s, before_cut * (1 - 4 * density / inside));
  CHECK(s.largest <= 2 * std::sqrt(before_cut) * (1 + 1e-6));
  CHECK(s.largest >= 1.99 * std::sqrt(before_cut));
}

TEST_CASE("init: he is a normal of variance 2 / fan_in") {
  const Statistics s = weights(Init::he);
  check_moments(s, 2.0 / kIn);
  CHECK(s.largest >= 3.5 * std::sqrt(2.0 / kIn));  // not cut
}

TEST_CASE("init: glorot and fan_in are uniform within their bounds") {
  const double glorot = std::sqrt(6.0 / (kIn + kOut)), fan_in = 1 / std::sqrt(static_cast<double>(kIn));
  for (const auto& [init, bound] : {std::pair(Init::glorot, glorot), std::pair(Init::fan_in, fan_in)}) {
    const Statistics s = weights(init);
    check_moments(s, bound * bound / 3);
    CHECK(s.largest <= bound * (1 + 1e-6));
    CHECK(s.largest >= 0.999 * bound);
  }
}

TEST_CASE("init: biases are zeros, but for fan_in, where they are as PyTorch's Linear has them") {
  Rng rng{.seed = 2};
  for (const Init init : {Init::variance_scaling, Init::he, Init::glorot}) {
    const std::uint64_t before = rng.counter;
    CHECK(initial_bias(init, 5, 10, rng).values() == std::vector<Real>(5, 0));
    CHECK(rng.counter == before);
  }
  const Statistics s(initial_bias(Init::fan_in, 10'000, 100, rng));
  CHECK(s.largest <= 0.1 * (1 + 1e-6));
  CHECK(s.largest >= 0.099);
  CHECK(std::abs(s.variance - 0.01 / 3) <= 2e-4);
}

TEST_CASE("init: a GRU is uniform on ±1/√hidden, as PyTorch's") {
  Rng rng{.seed = 3};
  const Gru gru(400, 25, rng);
  for (const Tensor& x : parameters(gru)) {
    const Statistics s(x);
    CHECK(s.largest <= 0.2 * (1 + 1e-6));
    CHECK(s.largest >= 0.19);
  }
}

TEST_CASE("init: uniform fills the interval") {
  Rng rng{.seed = 3};
  const std::vector<Real> x = uniform({20'000}, -2, 5, rng).values();
  CHECK(*std::min_element(x.begin(), x.end()) >= -2);
  CHECK(*std::min_element(x.begin(), x.end()) <= Real(-1.99));
  CHECK(*std::max_element(x.begin(), x.end()) <= 5);
  CHECK(*std::max_element(x.begin(), x.end()) >= Real(4.99));
}

TEST_CASE("init: the same generator gives the same layer, the next draw another") {
  Rng one{.seed = 4}, two{.seed = 4};
  const Linear a(7, 3, Init::fan_in, one), b(7, 3, Init::fan_in, two), c(7, 3, Init::fan_in, two);
  CHECK(a.weight.values() == b.weight.values());
  CHECK(a.bias.values() == b.bias.values());
  CHECK_FALSE(a.weight.values() == c.weight.values());
  CHECK(a.weight.shape() == Shape{3, 7});
  CHECK(a.bias.shape() == Shape{3});
}

TEST_CASE("init: a layer without inputs or outputs is an error") {
  Rng rng;
  CHECK(error_of([&] { Linear(0, 3, Init::he, rng); }) == "[init] a layer of 0 inputs and 3 outputs has no weights");
  CHECK(contains(error_of([&] { Linear(3, -1, Init::he, rng); }), "-1"));
}

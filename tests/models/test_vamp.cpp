// The VampPrior: what pseudo-inputs begin from, and which mixture the prior is. Its loss is in test_latents_pytorch.cpp.
#include <numbers>
#include <set>

#include "models/latents/vamp.h"
#include "tests/models/latents.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr std::int64_t kInputs = 40;

// Codes of one number: 100 times the first pixel, with the standard deviation 1/10. Pseudo-input n has the pixel n/40.
Latent ladder() {
  Rng rng;
  ModelSettings settings{};
  settings.network = {Dense{{}}};
  settings.code = {VampCode{.pseudo_inputs = kInputs}};
  settings.latent = 1;
  Latent latent = make_vae(settings, {1, 1, 2}, rng).latent;
  set(latent, "mean.weight", filled({1, 2}, {100, 0}));
  set(latent, "log_variance.weight", zeros({1, 2}));
  set(latent, "log_variance.bias", full({1}, Real(2 * std::log(0.1))));
  Tensor x = zeros({kInputs, 2});
  const View to = x.write();
  for (std::int64_t n = 0; n < kInputs; ++n) to(n, 0) = static_cast<Real>(n) / kInputs;
  latent.begin({x});
  return latent;
}

}  // namespace

TEST_CASE("vamp: pseudo-inputs begin as the images shown, with their conditions where the model is conditional") {
  Rng rng;
  const NetworkPlan plan{.channels = 1, .height = 1, .width = 3, .latent = 2, .condition = 2};
  Network network = Dense{{4}}.encoder(plan, rng);
  Latent latent = VampCode{.pseudo_inputs = 2}.make(std::move(network), plan, rng);
  CHECK(latent.wanted() == 2);
  const Tensor x = filled({2, 3}, {0, Real(0.5), 1, 1, 0, Real(0.25)}), labels = filled({2, 2}, {1, 0, 0, 1});
  latent.begin({x, labels});
  CHECK(state(latent).at("pseudo_inputs").values() == x.values());
  CHECK(state(latent).at("pseudo_conditions").values() == labels.values());
  CHECK(parameters(latent).back().shape() == Shape{2, 3});  // the inputs are learnt, the conditions are not
  CHECK_THROWS_WITH_AS(latent.begin({ones({3, 3}), labels}), doctest::Contains("of shape (2, 3)"), Error);
}

TEST_CASE("vamp: a set of fewer images has as many pseudo-inputs") {
  VampCode code;
  code.settle(1000);
  CHECK(code.pseudo_inputs == 500);
  code.settle(60);
  CHECK(code.pseudo_inputs == 60);
}

TEST_CASE("vamp: prior draws come from components at random, not from the first ones") {
  const Latent latent = ladder();
  Rng rng{.seed = 2};
  std::set<long> few;
  for (const Real z : latent.prior(10, rng).values()) few.insert(std::lround(z / 100 * kInputs));
  CHECK(*few.rbegin() >= 10);  // the first ten are 0 … 9; that ten at random are all below has probability 4⁻¹⁰
  std::vector<int> counts(kInputs);
  for (const Real z : latent.prior(40'000, rng).values()) ++counts[std::lround(z / 100 * kInputs)];
  for (const int count : counts) CHECK(std::abs(count - 1000) <= 5 * std::sqrt(1000.0));  // 5 standard deviations
}

TEST_CASE("vamp: components have the standard deviation that the encoder gives, not its logarithm or square") {
  const Latent latent = ladder();
  Rng rng{.seed = 3};
  double squares = 0;
  for (const Real z : latent.prior(20'000, rng).values()) {
    const double off = z - std::round(z / 2.5) * 2.5;  // 2.5 from component to component
    squares += off * off;
  }
  CHECK(std::abs(squares / 20'000 / 0.01 - 1) <= 5 * std::sqrt(2.0 / 20'000));
}

TEST_CASE("vamp: log p(z) is that of the mixture") {
  const Latent latent = ladder();
  const VampLatent* vamp = latent.as<VampLatent>();
  REQUIRE(vamp);
  Rng rng;
  Context context{.training = false, .rng = rng};
  const std::vector<Real> at{0, Real(2.6), Real(51.2)};
  const std::vector<Real> found = vamp->log_prior(filled({1, 3, 1}, {at[0], at[1], at[2]}), context).values();
  for (std::size_t i = 0; i < 3; ++i) {
    double density = 0;
    for (int n = 0; n < kInputs; ++n)
      density +=
          std::exp(-0.5 * std::pow((at[i] - 100.0 * n / kInputs) / 0.1, 2)) / (0.1 * std::sqrt(2 * std::numbers::pi));
    const double expected = std::log(density / kInputs);
    // The distance from a component is rounded at numbers of about 50: 50·ε/σ² per unit of distance.
    CHECK(std::abs(found[i] - expected) <= (sizeof(Real) == 8 ? 1e-10 : 2e-2));
  }
}

TEST_CASE("vamp: pseudo-inputs are seen between 0 and 1, whatever the optimiser makes of them") {
  Latent latent = ladder();
  set(latent, "pseudo_inputs", full({kInputs, 2}, Real(1.5)));
  Rng rng;
  for (const Real z : latent.prior(50, rng).values()) CHECK(std::abs(z - 100) <= 1);  // 10 standard deviations
}

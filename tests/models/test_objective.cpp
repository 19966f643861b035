// The objectives: PyTorch's word on each (tests/golden/make_objectives.py, float64), and what they promise: closed forms
// of warm-up, cycles, free bits and capacity, a gradient that vanishes at the posterior, one that is less noisy.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/files.h"
#include "tests/models/follow.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// A Gaussian latent whose draws take noise that is given: (K, B, Z).
struct GivenNoise {
  GaussianLatent gaussian;
  Tensor noise;

  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    const Normal q = gaussian.posterior(batch, context);
    const Tensor z = pulled(repeated(q, K).rsample(noise), price.pull);
    return {z, priced(q, StandardNormal{}, z, price)};
  }
  Tensor code(const Minibatch& batch, Context& context) const { return gaussian.code(batch, context); }
  Tensor prior(std::int64_t n, Rng& rng) const { return gaussian.prior(n, rng); }
  void members(auto&& visit) {
    visit("", gaussian);
    visit("noise", noise);
  }
};

/// Up to the rounding of a few sums of small numbers.
bool near(double a, double b) { return std::abs(a - b) <= 1e-6 * (1 + std::abs(b)); }

Objective objective_of(const std::string& name, std::int64_t samples) {
  Objective objective{.samples = samples};
  if (name == "stl") objective.kind = {StlObjective{}};
  if (name == "iwae") objective.kind = {IwaeObjective{}};
  if (name == "dreg") objective.kind = {DregObjective{}};
  return objective;
}

void follow_objective(const std::string& name) {
  const Golden golden("objectives.safetensors");
  Rng rng;
  Context context{.training = true, .rng = rng};
  Vae vae = make_vae({.network = {Dense{{11, 7}}}, .latent = 3, .activation = Activation::tanh}, {1, 1, 13}, rng);
  load_state(vae, golden.below(name + "/weights/"));
  const Objective objective = objective_of(name, 4);
  const Minibatch batch{golden[name + "/x"]};
  follow_steps(golden, name, vae, Optimizer(Adam{.lr = 1e-2}), [&](std::int64_t step) {
    const Tensor noise = reshape(slice(golden[name + "/noise"], 0, step, step + 1), {4, 6, 3});
    const Vae with_noise{GivenNoise{*vae.latent.as<GaussianLatent>(), noise}, vae.decoder};
    return objective.loss(bound(with_noise, batch, objective, context), {});
  });
  check_trained(golden, name, vae);
}

/// The sum over all parameters of the encoder of the variance of their gradients, over so many draws of the noise.
double encoder_variance(const std::string& name, std::int64_t samples, int repetitions) {
  Rng rng{.seed = 8};
  Vae vae = make_vae({.network = {Dense{{8}}}, .latent = 3, .activation = Activation::tanh}, {1, 1, 13}, rng);
  const Minibatch batch{bernoulli({6, 13}, Real(0.4), rng)};
  const Objective objective = objective_of(name, samples);
  std::vector<double> sums, squares;
  for (int i = 0; i < repetitions; ++i) {
    Context context{.training = true, .rng = rng};
    Tape tape(parameters(vae));
    const auto gradients = tape.gradient(objective.loss(bound(vae, batch, objective, context), {}));
    std::size_t at = 0;
    for (std::size_t p = 0; p < 6; ++p)  // two hidden, mean, log-variance: weights and biases of the encoder come first
      for (const Real g : gradients[p].values()) {
        if (sums.size() <= at) sums.push_back(0), squares.push_back(0);
        sums[at] += static_cast<double>(g);
        squares[at] += static_cast<double>(g) * static_cast<double>(g);
        ++at;
      }
  }
  double variance = 0;
  for (std::size_t i = 0; i < sums.size(); ++i)
    variance += squares[i] / repetitions - sums[i] / repetitions * (sums[i] / repetitions);
  return variance;
}

}  // namespace

TEST_CASE("pytorch: every objective with four draws: loss, gradients, ten steps") {
  for (const char* name : {"elbo", "stl", "iwae", "dreg"}) follow_objective(name);
}

TEST_CASE(
    "objective: the gradient of dreg by the encoder is less noisy than that of iwae, the more so for more draws") {
  double before = 1;
  for (const std::int64_t samples : {8, 64}) {
    const double iwae = encoder_variance("iwae", samples, 200), dreg = encoder_variance("dreg", samples, 200);
    MESSAGE(samples, " draws: variance ", dreg / iwae, " of that of iwae");
    CHECK(dreg < 0.7 * before * iwae);
    before = dreg / iwae;
  }
}

TEST_CASE(
    "objective: where q is the posterior, the gradient of stl by the encoder is 0, and that of elbo by draws is not") {
  // p(z) = N(0, 1), p(x|z) = N(w·z, 1) with one number each: the posterior is N(w·x/(1 + w²), 1/(1 + w²)).
  const double w = 1.5, variance = 1 / (1 + w * w);
  Rng rng{.seed = 2};
  Vae vae = make_vae({.network = {Dense{{}}}, .latent = 1, .likelihood = {GaussianLikelihood{}}}, {1, 1, 1}, rng);
  const auto one = [](double value) { return tensor({1, 1}, {static_cast<Real>(value)}); };
  load_state(vae, {{"encoder.mean.weight", one(w * variance)},
                   {"encoder.mean.bias", zeros({1})},
                   {"encoder.log_variance.weight", one(0)},
                   {"encoder.log_variance.bias", full({1}, static_cast<Real>(std::log(variance)))},
                   {"decoder.output.weight", one(w)},
                   {"decoder.output.bias", zeros({1})}});
  const Minibatch batch{tensor({3, 1}, {Real(-0.7), Real(0.2), 2})};
  const auto gradients = [&](const std::string& name) {
    const Objective objective = objective_of(name, 5);
    Context context{.training = true, .rng = rng};
    Tape tape(parameters(vae));
    const Bound found = bound(vae, batch, objective, context);
    return std::pair(found, tape.gradient(objective.loss(found, {})));
  };
  const auto stl = gradients("stl");
  for (std::size_t p = 0; p < 4; ++p)
    for (const Real g : stl.second[p].values()) CHECK(std::abs(g) <= (sizeof(Real) == 8 ? 1e-14 : 2e-6));
  double largest = 0;
  const auto iwae = gradients("iwae");
  for (std::size_t p = 0; p < 4; ++p)
    for (const Real g : gradients("elbo").second[p].values()) largest = std::max(largest, std::abs(double(g)));
  CHECK(largest > 1e-3);
  // Every weight is p(x) there, whatever was drawn: the weighed bound is log p(x) = log N(x; 0, 1 + w²).
  const std::vector<Real> values = iwae.first.weighed->values();
  for (std::size_t i = 0; i < 3; ++i) {
    const double x = std::vector<double>{-0.7, 0.2, 2}[i];
    const double log_p = -0.5 * (std::log(2 * std::numbers::pi * (1 + w * w)) + x * x / (1 + w * w));
    CHECK(std::abs(static_cast<double>(values[i]) - log_p) <= (sizeof(Real) == 8 ? 1e-12 : 1e-5));
  }
}

TEST_CASE("objective: warm-up rises linearly, cycles rise in their first half, capacity rises in place of beta") {
  Objective o{.beta = 4};
  CHECK(o.at(0, 100).beta == 4);
  CHECK_FALSE(o.changes());
  o.beta_warmup = 10;
  CHECK(o.changes());
  CHECK(near(o.at(0, 100).beta, 0.4));
  CHECK(near(o.at(4, 100).beta, 2));
  CHECK(o.at(9, 100).beta == 4);
  CHECK(o.at(99, 100).beta == 4);
  o.capacity = 25;
  CHECK(o.at(4, 100).beta == 4);
  CHECK(near(o.at(4, 100).capacity, 12.5));
  CHECK(o.at(50, 100).capacity == 25);
  o = {.beta_cycles = 4};  // of 25 steps each
  CHECK(o.at(0, 100).beta == 0);
  CHECK(near(o.at(5, 100).beta, 0.4));
  CHECK(o.at(13, 100).beta == 1);
  CHECK(o.at(24, 100).beta == 1);
  CHECK(o.at(25, 100).beta == 0);
}

TEST_CASE("objective: free bits and capacity against their closed forms") {
  const Bound parts{.log_likelihood = tensor({2}, {-3, -5}), .kl = tensor({2, 3}, {1, 0, 4, 3, Real(0.5), 2})};
  // Means over the batch by dimension: 2, 0.25, 3. The mean log-likelihood is -4.
  const auto loss = [&](const Objective& o, double beta, double capacity) {
    return static_cast<double>(o.loss(parts, {beta, capacity}).item());
  };
  CHECK(near(loss({}, 1, 0), 4 + 5.25));
  CHECK(near(loss({}, 0.5, 0), 4 + 2.625));
  CHECK(near(loss({.free_bits = 3}, 1, 0), 4 + 2 + 1 + 3));  // one nat for each dimension
  CHECK(near(loss({.free_bits = 7.5}, 2, 0), 4 + 2 * (2.5 + 2.5 + 3)));
  CHECK(near(loss({.capacity = 8}, 10, 6), 4 + 10 * 0.75));
  CHECK(near(loss({.capacity = 8}, 10, 5), 4 + 10 * 0.25));
  // An autoencoder has no KL divergence; what else is to stay small is added.
  const Bound point{.log_likelihood = tensor({2}, {-3, -5}), .penalty = tensor({2}, {1, 2})};
  CHECK(near(static_cast<double>(Objective{}.loss(point, {}).item()), 4 + 1.5));
}

TEST_CASE("objective: what has no meaning together is refused by name") {
  const auto says = [](const Objective& o, Pricing pricing) { return error_of([&] { o.check(pricing, "mine"); }); };
  CHECK(says({}, Pricing::none) == "no error");
  CHECK(says({.samples = 3}, Pricing::exact) == "no error");
  for (const Objective& o : {Objective{.beta = 2}, Objective{.beta_warmup = 2}, Objective{.free_bits = 2},
                             Objective{.capacity = 2}, objective_of("iwae", 2)})
    CHECK(contains(says(o, Pricing::none), "no meaning with `code` mine"));
  for (const char* name : {"iwae", "dreg"}) {
    CHECK(contains(says(objective_of(name, 2), Pricing::exact), "no meaning with `code` mine"));
    CHECK(contains(says(objective_of(name, 1), Pricing::stopped), "needs `samples` above 1"));
  }
  for (const char* name : {"stl", "dreg"})
    CHECK(contains(says(objective_of(name, 2), Pricing::drawn), "cannot be held constant"));
  CHECK(says(objective_of("iwae", 2), Pricing::drawn) == "no error");
  CHECK(
      contains(says({.kind = {IwaeObjective{}}, .samples = 2, .beta = 2}, Pricing::stopped), "`beta` has no meaning"));
  CHECK(contains(says({.beta_warmup = 1, .beta_cycles = 1}, Pricing::stopped), "exclude each other"));
  CHECK(contains(says({.free_bits = 1, .capacity = 1}, Pricing::stopped), "exclude each other"));
}

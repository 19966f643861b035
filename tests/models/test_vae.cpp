// The VAE as a module and as a distribution: shapes, names, what its settings change, and its bound against closed
// forms. PyTorch's word on it is in test_golden.cpp.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "models/model.h"
#include "nn/optim.h"
#include "nn/state.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr SampleShape kSmall{1, 2, 3};
ModelSettings small() { return {.network = {Dense{{5, 4}}}, .latent = 2}; }

Bound elbo(const Vae& vae, const Tensor& x, Rng& rng) {
  Context context{.training = true, .rng = rng};
  return bound(vae, {x}, {}, context);
}

Tensor batch(std::int64_t n, std::int64_t data, std::uint64_t seed) {
  Rng rng{.seed = seed};
  return uniform({n, data}, rng);
}

std::vector<std::string> names_of(const Vae& vae) {
  std::vector<std::string> names;
  for (const auto& [name, _] : state(vae)) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("vae: parameters have the names and shapes that checkpoints keep") {
  Rng rng;
  const Vae vae = make_vae({}, {}, rng);
  const auto all = state(vae);
  CHECK(all.at("encoder.hidden.0.weight").shape() == Shape{500, 784});
  CHECK(all.at("encoder.hidden.1.weight").shape() == Shape{500, 500});
  CHECK(all.at("encoder.mean.weight").shape() == Shape{20, 500});
  CHECK(all.at("encoder.log_variance.bias").shape() == Shape{20});
  CHECK(all.at("decoder.hidden.0.weight").shape() == Shape{500, 20});
  CHECK(all.at("decoder.output.weight").shape() == Shape{784, 500});
  CHECK(all.at("decoder.output.bias").shape() == Shape{784});
  CHECK(all.size() == 14);
  CHECK(count(vae) ==
        784 * 500 + 500 + 500 * 500 + 500 + 2 * (500 * 20 + 20) + 20 * 500 + 500 + 500 * 500 + 500 + 500 * 784 + 784);

  ModelSettings settings = small();
  settings.code = {GaussianCode{Head::sigma}};
  CHECK(names_of(make_vae(settings, kSmall, rng)) ==
        std::vector<std::string>{"decoder.hidden.0.bias", "decoder.hidden.0.weight", "decoder.hidden.1.bias",
                                 "decoder.hidden.1.weight", "decoder.output.bias", "decoder.output.weight",
                                 "encoder.hidden.0.bias", "encoder.hidden.0.weight", "encoder.hidden.1.bias",
                                 "encoder.hidden.1.weight", "encoder.mean.bias", "encoder.mean.weight",
                                 "encoder.sigma.bias", "encoder.sigma.weight"});
}

TEST_CASE("vae: hidden layers are mirrored, and none at all is a linear VAE") {
  Rng rng;
  const auto all = state(make_vae(small(), kSmall, rng));
  CHECK(all.at("decoder.hidden.0.weight").shape() == Shape{4, 2});
  CHECK(all.at("decoder.hidden.1.weight").shape() == Shape{5, 4});
  CHECK(all.at("decoder.output.weight").shape() == Shape{6, 5});
  const Vae linear = make_vae({.network = {Dense{{}}}, .latent = 2}, kSmall, rng);
  CHECK(state(linear).size() == 6);
  const Bound bound = elbo(linear, batch(3, 6, 1), rng);
  CHECK(bound.log_likelihood.shape() == Shape{3});
  CHECK(bound.kl->shape() == Shape{3, 2});
}

TEST_CASE("vae: the bound is that of its parts, in nats per sample") {
  for (const Head head : {Head::log_variance, Head::sigma})
    for (const bool bits : {true, false}) {
      ModelSettings settings = small();
      settings.code = {GaussianCode{head}};
      if (!bits) settings.likelihood = {GaussianLikelihood{}};
      Rng rng{.seed = 4};
      const Vae vae = make_vae(settings, kSmall, rng);
      const Tensor x = batch(3, 6, 2);
      Rng again = rng;
      const Tensor noise = normal({3, 2}, again);
      const Bound bound = elbo(vae, x, rng);
      Context context{.training = false, .rng = rng};
      const Normal q = *vae.latent.posterior({x}, context);
      const Tensor image = vae.decoder.mean(q.loc + exp(q.log_variance / 2) * noise, {}, context);
      CHECK(image.shape() == Shape{3, 6});
      for (std::int64_t i = 0; i < 3; ++i) {
        double likelihood_of = 0, kl = 0;
        for (std::int64_t j = 0; j < 6; ++j) {
          const double pixel = x.at({i, j}), mean = image.at({i, j});
          likelihood_of += bits ? pixel * std::log(mean) + (1 - pixel) * std::log1p(-mean)
                                : -0.5 * (std::log(2 * std::numbers::pi) + (pixel - mean) * (pixel - mean));
        }
        for (std::int64_t j = 0; j < 2; ++j) {
          const double mean = q.loc.at({i, j}), log_variance = q.log_variance.at({i, j});
          kl += 0.5 * (mean * mean + std::exp(log_variance) - 1 - log_variance);
        }
        const double bound_of_double = sizeof(Real) == 8 ? 1e-12 : 2e-5;
        CHECK(std::abs(bound.log_likelihood.at({i}) - likelihood_of) <= bound_of_double);
        CHECK(std::abs(bound.total_kl().at({i}) - kl) <= bound_of_double);
        CHECK(std::abs(bound.value().at({i}) - (likelihood_of - kl)) <= bound_of_double);
        CHECK(std::abs(bound.value(Real(0.5)).at({i}) - (likelihood_of - kl / 2)) <= bound_of_double);
      }
    }
}

TEST_CASE("vae: the same generator gives the same weights and the same bound") {
  Rng one{.seed = 7}, two{.seed = 7};
  const Vae a = make_vae(small(), kSmall, one), b = make_vae(small(), kSmall, two);
  const Tensor x = batch(3, 6, 3);
  CHECK(elbo(a, x, one).value().values() == elbo(b, x, two).value().values());
  CHECK(one.counter == two.counter);
  CHECK_FALSE(elbo(a, x, one).value().values() == elbo(a, x, one).value().values());  // each call draws anew
}

TEST_CASE("vae: training a copy leaves the original as it was, and the bound goes up") {
  Rng rng{.seed = 9};
  const Vae original = make_vae(small(), kSmall, rng);
  Vae copy = original;
  std::map<std::string, std::vector<Real>> before;
  for (const auto& [name, x] : state(original)) before[name] = x.values();
  const Tensor x = batch(20, 6, 5);
  Optimizer optimizer(Adam{.lr = 1e-2});
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    Tape tape(parameters(copy));
    Rng same{.seed = 2};
    const Tensor loss = -mean(elbo(copy, x, same).value());
    (step == 0 ? first : last) = loss.item();
    optimizer.step(copy, tape.gradient(loss));
  }
  CHECK(last < first - 0.1);
  for (const auto& now : state(original)) CHECK_MESSAGE(now.second.values() == before.at(now.first), now.first);
  for (const auto& now : state(copy)) CHECK_MESSAGE(!(now.second.values() == before.at(now.first)), now.first);
}

TEST_CASE("vae: an input of the wrong width is an error that names the shapes") {
  Rng rng;
  const Vae vae = make_vae(small(), kSmall, rng);
  const std::string error = error_of([&] { elbo(vae, batch(3, 7, 1), rng); });
  CHECK(contains(error, "[linear] an input of shape (3, 7)"));
  CHECK(contains(error, "(5, 6)"));
}

// PyTorch's word on the whole VAE: tests/golden/vae.safetensors, made in float64 by tests/golden/make_golden.py.
// Same weights, data and noise; then the loss, the gradient of every parameter, and ten steps of Adam.
#include <doctest/doctest.h>

#include "models/model.h"
#include "nn/optim.h"
#include "nn/state.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

void follow(const std::string& name, ModelSettings settings, Real beta) {
  const Golden golden("vae.safetensors");
  settings.network = {Dense{{11, 7}}};
  settings.latent = 3;
  Rng rng;
  Context context{.training = true, .rng = rng};
  Vae vae = make_vae(settings, {1, 1, 13}, rng);
  const auto weights = golden.below(name + "/weights/");
  REQUIRE(weights.size() == 14);
  REQUIRE(parameters(vae).size() == 14);
  load_state(vae, weights);

  Optimizer optimizer(Adam{.lr = 1e-2});
  for (std::int64_t step = 0; step < 10; ++step) {
    const Tensor noise = reshape(slice(golden[name + "/noise"], 0, step, step + 1), {6, 3});
    Tape tape(parameters(vae));
    const Minibatch batch{golden[name + "/x"]};
    const Normal q = *vae.latent.posterior(batch, context);  // what bound() does, with this noise
    const Tensor log_p = vae.decoder.log_likelihood(batch, reshape(q.rsample(noise), {1, 6, 3}), context);
    const Bound bound{.log_likelihood = reshape(log_p, {6}), .kl = kl_divergence(q, StandardNormal{})};
    const Tensor loss = -mean(bound.value(beta));
    const std::vector<Tensor> gradients = tape.gradient(loss);
    const Tensor expected = slice(golden[name + "/losses"], 0, step, step + 1);
    CHECK_MESSAGE(distance(reshape(loss, {1}), expected) <= kGoldenBound, name, ", loss of step ", step);
    std::size_t i = 0;
    if (step == 0)
      for_each_parameter(vae, [&](const MemberPath& path, Tensor&) {
        const std::string parameter = path.text();
        CHECK_MESSAGE(distance(gradients[i++], golden[name + "/gradients/" + parameter]) <= kGoldenBound, name, ", d",
                      parameter);
      });
    optimizer.step(vae, gradients);
  }
  for (const auto& now : state(vae))
    CHECK_MESSAGE(distance(now.second, golden[name + "/trained/" + now.first]) <= 10 * kGoldenBound, name, ", trained ",
                  now.first);
}

}  // namespace

TEST_CASE("pytorch: a VAE with ELU, a log-variance head and a Bernoulli likelihood") { follow("bernoulli", {}, 1); }

TEST_CASE("pytorch: a VAE with tanh, a sigma head, a Gaussian likelihood and beta 0.7") {
  follow("gaussian",
         {.code = {GaussianCode{Head::sigma}}, .activation = Activation::tanh, .likelihood = {GaussianLikelihood{}}},
         Real(0.7));
}

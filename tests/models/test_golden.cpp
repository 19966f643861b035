// PyTorch's word on the whole VAE: tests/golden/vae.safetensors, made in float64 by tests/golden/make_golden.py.
// Same weights, data and noise; then the loss, the gradient of every parameter, and ten steps of Adam.
#include <doctest/doctest.h>

#include "tests/models/follow.h"

using namespace gradus;
using namespace gradus::test;

namespace {

void follow_vae(const std::string& name, ModelSettings settings, Real beta) {
  settings.network = {Dense{{11, 7}}};
  settings.latent = 3;
  follow(Golden("vae.safetensors"), name, settings, {1, 1, 13}, beta, {.lr = 1e-2});
}

}  // namespace

TEST_CASE("pytorch: a VAE with ELU, a log-variance head and a Bernoulli likelihood") { follow_vae("bernoulli", {}, 1); }

TEST_CASE("pytorch: a VAE with tanh, a sigma head, a Gaussian likelihood and beta 0.7") {
  follow_vae(
      "gaussian",
      {.code = {GaussianCode{Head::sigma}}, .activation = Activation::tanh, .likelihood = {GaussianLikelihood{}}},
      Real(0.7));
}

// PyTorch's word on every kind of code: tests/golden/latents.safetensors, made in float64 by make_latents.py. Same
// weights, data and noise; then the loss, the gradient of every parameter, the losses of ten steps of Adam, and what
// draws in training leave in buffers.
#include <doctest/doctest.h>

#include "tests/models/follow.h"

using namespace gradus;
using namespace gradus::test;

namespace {

void follow_code(const std::string& name, const Codes& code, Objective objective) {
  const Golden golden("latents.safetensors");
  const std::string build = name + (sizeof(Real) == 8 ? "/double" : "/float");
  Rng rng{.seed = 7};
  Vae vae = make_vae({.network = {Dense{{6}}}, .code = code, .latent = 3}, {1, 1, 7}, rng);
  const auto weights = golden.below(name + "/weights/");
  REQUIRE(weights.size() == state(vae).size());
  load_state(vae, weights);
  REQUIRE(golden.below(build + "/gradients/").size() == parameters(vae).size());

  rng = {.seed = 7};
  Context context{.training = true, .rng = rng};
  follow_steps(golden, build, vae, Optimizer(Adam{.lr = 1e-2}), [&](std::int64_t) {
    return objective.loss(bound(vae, {golden[name + "/x"]}, objective, context), {.beta = 1, .capacity = 0});
  });
  for (const auto& buffer : golden.below(build + "/buffers/"))
    CHECK_MESSAGE(distance(state(vae).at(buffer.first), buffer.second) <= 10 * kGoldenBound, name, ", ", buffer.first);
}

Objective elbo_by(std::int64_t samples) { return {.kind = {ElboObjective{}}, .samples = samples}; }
Objective iwae() { return {.kind = {IwaeObjective{}}, .samples = 3}; }

}  // namespace

TEST_CASE("pytorch: Gaussian codes") {
  follow_code("gaussian", {GaussianCode{}}, elbo_by(2));
  follow_code("gaussian-iwae", {GaussianCode{}}, iwae());
}

TEST_CASE("pytorch: Laplace codes") {
  follow_code("laplace", {LaplaceCode{}}, elbo_by(2));
  follow_code("laplace-iwae", {LaplaceCode{}}, iwae());
}

TEST_CASE("pytorch: the codes of autoencoders, points and sparse ones") {
  follow_code("point", {PointCode{}}, elbo_by(1));
  follow_code("sparse", {SparseCode{.sparsity = 0.2, .sparsity_weight = 0.3}}, elbo_by(1));
}

TEST_CASE("pytorch: planar flows, with the determinant of the Jacobian itself") {
  follow_code("planar", {FlowCode{{PlanarSteps{.flow_steps = 3}}}}, elbo_by(2));
  follow_code("planar-iwae", {FlowCode{{PlanarSteps{.flow_steps = 3}}}}, iwae());
}

TEST_CASE("pytorch: inverse autoregressive flows, with the determinant of the Jacobian itself") {
  follow_code("iaf", {FlowCode{{AutoregressiveSteps{.flow_steps = 2, .flow_hidden = 5}}}}, elbo_by(2));
  follow_code("iaf-iwae", {FlowCode{{AutoregressiveSteps{.flow_steps = 2, .flow_hidden = 5}}}}, iwae());
}

TEST_CASE("pytorch: the VampPrior") {
  follow_code("vamp", {VampCode{.pseudo_inputs = 4}}, elbo_by(2));
  follow_code("vamp-iwae", {VampCode{.pseudo_inputs = 4}}, iwae());
}

TEST_CASE("pytorch: two stochastic layers") {
  follow_code("two-layer", {TwoLayerCode{.upper_latent = 2, .upper_hidden = 4}}, elbo_by(2));
  follow_code("two-layer-iwae", {TwoLayerCode{.upper_latent = 2, .upper_hidden = 4}}, iwae());
}

TEST_CASE("pytorch: a codebook by averages, and by the loss") {
  const CodeTable::Settings averages{.size = 5, .update = CodeTable::Update::averages, .decay = 0.9};
  follow_code("codebook-averages", {CodebookCode{.table = averages}}, elbo_by(1));
  const CodeTable::Settings loss{.size = 5, .update = CodeTable::Update::loss, .decay = 0.9};
  follow_code("codebook-loss", {CodebookCode{.table = loss}}, elbo_by(1));
}

// PyTorch's word on every kind of code: tests/golden/latents.safetensors, made in float64 by make_latents.py. Same
// weights, data and noise; then the loss, the gradient of every parameter, the losses of ten steps of Adam, and what
// draws in training leave in buffers.
#include <doctest/doctest.h>

#include "models/model.h"
#include "nn/optim.h"
#include "nn/state.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

void follow(const std::string& name, const Codes& code, Objective objective) {
  const Golden golden("latents.safetensors");
  const std::string build = name + (sizeof(Real) == 8 ? "/double/" : "/float/");
  Rng rng{.seed = 7};
  Vae vae = make_vae({.network = {Dense{{6}}}, .code = code, .latent = 3}, {1, 1, 7}, rng);
  const auto weights = golden.below(name + "/weights/");
  REQUIRE(weights.size() == state(vae).size());
  load_state(vae, weights);
  REQUIRE(golden.below(build + "gradients/").size() == parameters(vae).size());

  rng = {.seed = 7};
  Context context{.training = true, .rng = rng};
  Optimizer optimizer(Adam{.lr = 1e-2});
  for (std::int64_t step = 0; step < 10; ++step) {
    Tape tape(parameters(vae));
    const Tensor loss =
        objective.loss(bound(vae, {golden[name + "/x"]}, objective, context), {.beta = 1, .capacity = 0});
    const std::vector<Tensor> gradients = tape.gradient(loss);
    const Tensor expected = slice(golden[build + "losses"], 0, step, step + 1);
    CHECK_MESSAGE(distance(reshape(loss, {1}), expected) <= kGoldenBound, name, ", loss of step ", step);
    std::size_t i = 0;
    if (step == 0)
      for_each_parameter(vae, [&](const MemberPath& path, Tensor&) {
        const std::string parameter = path.text();
        CHECK_MESSAGE(distance(gradients[i++], golden[build + "gradients/" + parameter]) <= kGoldenBound, name, ", d",
                      parameter);
      });
    optimizer.step(vae, gradients);
  }
  for (const auto& [buffer, expected] : golden.below(build + "buffers/"))
    CHECK_MESSAGE(distance(state(vae).at(buffer), expected) <= 10 * kGoldenBound, name, ", ", std::string(buffer));
}

Objective elbo(std::int64_t samples) { return {.kind = {ElboObjective{}}, .samples = samples}; }
Objective iwae() { return {.kind = {IwaeObjective{}}, .samples = 3}; }

}  // namespace

TEST_CASE("pytorch: Gaussian codes") {
  follow("gaussian", {GaussianCode{}}, elbo(2));
  follow("gaussian-iwae", {GaussianCode{}}, iwae());
}

TEST_CASE("pytorch: Laplace codes") {
  follow("laplace", {LaplaceCode{}}, elbo(2));
  follow("laplace-iwae", {LaplaceCode{}}, iwae());
}

TEST_CASE("pytorch: the codes of autoencoders, points and sparse ones") {
  follow("point", {PointCode{}}, elbo(1));
  follow("sparse", {SparseCode{.sparsity = 0.2, .sparsity_weight = 0.3}}, elbo(1));
}

TEST_CASE("pytorch: planar flows, with the determinant of the Jacobian itself") {
  follow("planar", {FlowCode{{PlanarSteps{.flow_steps = 3}}}}, elbo(2));
  follow("planar-iwae", {FlowCode{{PlanarSteps{.flow_steps = 3}}}}, iwae());
}

TEST_CASE("pytorch: inverse autoregressive flows, with the determinant of the Jacobian itself") {
  follow("iaf", {FlowCode{{AutoregressiveSteps{.flow_steps = 2, .flow_hidden = 5}}}}, elbo(2));
  follow("iaf-iwae", {FlowCode{{AutoregressiveSteps{.flow_steps = 2, .flow_hidden = 5}}}}, iwae());
}

TEST_CASE("pytorch: the VampPrior") {
  follow("vamp", {VampCode{.pseudo_inputs = 4}}, elbo(2));
  follow("vamp-iwae", {VampCode{.pseudo_inputs = 4}}, iwae());
}

TEST_CASE("pytorch: two stochastic layers") {
  follow("two-layer", {TwoLayerCode{.upper_latent = 2, .upper_hidden = 4}}, elbo(2));
  follow("two-layer-iwae", {TwoLayerCode{.upper_latent = 2, .upper_hidden = 4}}, iwae());
}

TEST_CASE("pytorch: a codebook by averages, and by the loss") {
  const CodeTable::Settings averages{.size = 5, .update = CodeTable::Update::averages, .decay = 0.9};
  follow("codebook-averages", {CodebookCode{.table = averages}}, elbo(1));
  const CodeTable::Settings loss{.size = 5, .update = CodeTable::Update::loss, .decay = 0.9};
  follow("codebook-loss", {CodebookCode{.table = loss}}, elbo(1));
}

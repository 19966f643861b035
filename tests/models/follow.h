// Models beside their PyTorch twins, as tests/golden/vae_twin.py writes them: same weights, data and noise; then the
// loss, the gradient of every parameter, and ten steps of Adam.
#pragma once

#include <doctest/doctest.h>

#include "autograd/functional.h"
#include "models/model.h"
#include "nn/optim.h"
#include "nn/state.h"
#include "tests/golden/golden.h"

namespace gradus::test {

/// The largest |number|.
inline double size_of(const Tensor& x) {
  double largest = 0;
  for (const Real value : x.values()) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

/// The largest gradient that the file has under `name`.
inline double largest_gradient(const Golden& golden, const std::string& name) {
  double largest = 0;
  for (const auto& gradient : golden.below(name + "/gradients/")) largest = std::max(largest, size_of(gradient.second));
  return largest;
}

/// Ten steps of the optimiser on what loss(step) computes of `vae`, beside what the golden file has under `name`: every
/// loss, and the gradients of the first step. Where a bias meets a batch norm its gradient is 0 but for rounding, which is
/// held against the largest gradient of the model.
template <class Loss>
void follow_steps(const Golden& golden, const std::string& name, Vae& vae, Optimizer optimizer, const Loss& loss) {
  const double largest = largest_gradient(golden, name);
  REQUIRE(largest > 0);
  for (std::int64_t step = 0; step < 10; ++step) {
    Tape tape(parameters(vae));
    const Tensor now = loss(step);
    const std::vector<Tensor> gradients = tape.gradient(now);
    const Tensor expected = slice(golden[name + "/losses"], 0, step, step + 1);
    CHECK_MESSAGE(distance(reshape(now, {1}), expected) <= kGoldenBound, name, ", loss of step ", step);
    std::size_t i = 0;
    if (step == 0)
      for_each_parameter(vae, [&](const MemberPath& path, Tensor&) {
        const std::string parameter = path.text();
        const Tensor &got = gradients[i++], &right = golden[name + "/gradients/" + parameter];
        const bool vanishes = size_of(right) < 1e-12 * largest;
        const double off = vanishes ? size_of(got - right) / largest : distance(got, right);
        CHECK_MESSAGE(off <= kGoldenBound, name, ", d", parameter);
      });
    optimizer.step(vae, gradients);
  }
}

/// That the model has become what its twin became by ten steps of Adam. A parameter whose gradient is rounding alone goes
/// by at most lr·g/ε in a step, here a rate of 0.01 and an ε of 0.001 with g rounding of the largest gradient.
inline void check_trained(const Golden& golden, const std::string& name, const Vae& vae) {
  const auto trained = golden.below(name + "/trained/"), gradients = golden.below(name + "/gradients/");
  const double largest = largest_gradient(golden, name);
  CHECK(trained.size() == state(vae).size());
  for (const auto& now : state(vae)) {
    const Tensor& right = trained.at(now.first);
    const auto gradient = gradients.find(now.first);
    const bool idle = gradient != gradients.end() && size_of(gradient->second) < 1e-12 * largest;
    const double off = idle ? size_of(now.second - right) / (10 * largest) : distance(now.second, right);
    CHECK_MESSAGE(off <= 10 * kGoldenBound, name, ", trained ", now.first);
  }
}

/// Follows the model of that name with a Gaussian code, whose noise the file has.
inline void follow(const Golden& golden, const std::string& name, const ModelSettings& settings,
                   const SampleShape& sample, Real beta = 1, const Adam& adam = {.lr = 1e-2, .epsilon = 1e-3}) {
  Rng rng;
  Context context{.training = true, .rng = rng};
  Vae vae = make_vae(settings, sample, rng);
  load_state(vae, golden.below(name + "/weights/"));
  Minibatch batch{golden[name + "/x"]};
  if (condition_size(settings.condition) > 0) batch.condition = golden[name + "/condition"];
  const std::int64_t count = batch.x.shape()[0], latent = settings.latent;
  follow_steps(golden, name, vae, Optimizer(adam), [&](std::int64_t step) {
    const Tensor noise = reshape(slice(golden[name + "/noise"], 0, step, step + 1), {count, latent});
    const Normal q = *vae.latent.posterior(batch, context);  // what bound() does, with this noise
    const Tensor log_p = vae.decoder.log_likelihood(batch, reshape(q.rsample(noise), {1, count, latent}), context);
    const Bound bound{.log_likelihood = reshape(log_p, {count}), .kl = kl_divergence(q, StandardNormal{})};
    return -mean(bound.value(beta));
  });
  check_trained(golden, name, vae);
}

/// The loss of a training step with fixed noise, as a function of all parameters.
inline TensorFunction loss_of(const Vae& vae, const Minibatch& batch, const Objective& objective) {
  return [=](std::span<const Tensor> parameters) {
    Vae now = vae;
    std::size_t i = 0;
    for_each_parameter(now, [&](const MemberPath&, Tensor& x) { x = parameters[i++]; });
    Rng rng{.seed = 5};
    Context context{.training = true, .rng = rng};
    return objective.loss(bound(now, batch, objective, context), objective.at(0, 1));
  };
}

}  // namespace gradus::test

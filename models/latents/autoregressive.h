// Inverse autoregressive flows: each step rescales and shifts every dimension by what the dimensions before it say, and
// the encoder's features. Kingma, Salimans, Jozefowicz, Chen, Sutskever, Welling 2016. One masked network says it for
// all dimensions at once (MADE: Germain, Gregor, Murray, Larochelle 2015).
//
//   z ← σ·z + (1 - σ)·m    σ = sigmoid(s + 2), so that a step begins near the identity    log det = Σ log σ
//   (m, s)_i depend on z_j with j < i alone; after each step the dimensions change their order to the opposite
#pragma once

#include "models/latents/carried.h"
#include "models/networks/kind.h"

namespace GRADUS {

/// A network of one hidden layer whose outputs i and Z + i see the inputs before i alone: a hidden unit of degree d sees
/// the first d inputs, and is seen by the outputs behind them. One of degree 0 sees the features only, which all do.
struct Made {
  Tensor input;     // (M, Z)
  Linear features;  // (B, H) -> (B, M)
  Linear output;    // (K, B, M) -> (K, B, 2Z)
  Activation activation;

  /// z (K, B, Z), h (B, H) -> (K, B, 2Z)
  Tensor operator()(const Tensor& z, const Tensor& h) const {
    const std::int64_t M = input.shape()[0], Z = input.shape()[1];
    const Tensor place = counted(2 * Z, Z), degree = counted(M, Z);  // 0 … Z-1, again and again
    const Tensor sees = where(slice(place, 0, 0, Z) < reshape(degree, {M, 1}), input, 0);
    const Tensor shows = where(degree <= reshape(place, {2 * Z, 1}), output.weight, 0);
    return linear(activation(matmul(z, transpose(sees)) + features(h)), shows, output.bias);
  }

  void members(auto&& visit) {
    visit("input", input);
    visit("features", features);
    visit("output", output);
    visit("activation", activation);
  }

 private:
  static Tensor counted(std::int64_t n, std::int64_t period) {
    Tensor numbers({n});
    const View to = numbers.write();
    for (std::int64_t i = 0; i < n; ++i) to(i) = static_cast<Real>(i % period);
    return numbers;
  }
};

struct AutoregressiveFlow {
  std::vector<Made> steps;

  /// z (K, B, Z), features (B, H)
  Carried operator()(Tensor z, const Tensor& features) const {
    Tensor log_det = zeros({1});
    for (const Made& made : steps) {
      if (&made != &steps.front()) z = flip(z, {-1});
      const std::vector<Tensor> ms = split(made(z, features), 2, -1);
      const Tensor s = ms[1] + 2, keep = sigmoid(s);
      z = keep * z + (1 - keep) * ms[0];
      log_det = log_det - sum(softplus(-s), {-1}, keepdim);
    }
    return {z, log_det};
  }

  void members(auto&& visit) { visit("steps", steps); }
};

struct AutoregressiveSteps {
  static constexpr const char* kName = "iaf";
  static constexpr const char* kHelp = "inverse autoregressive: each dimension moves by those before it";
  std::int64_t flow_steps = 2, flow_hidden = 200;

  void settings(auto&& is) {
    is("flow_steps", flow_steps, IntegerRange{1, 256}, "how many follow one another");
    is("flow_hidden", flow_hidden, IntegerRange{1, 65536}, "hidden units of each one's network");
  }
  AutoregressiveFlow make(std::int64_t features, const NetworkPlan& plan, Rng& rng) const {
    AutoregressiveFlow flow;
    for (std::int64_t t = 0; t < flow_steps; ++t) {
      Tensor input = initial_weight(plan.init, {flow_hidden, plan.latent}, plan.latent, flow_hidden, rng);
      Linear context(features, flow_hidden, plan.init, rng), output(flow_hidden, 2 * plan.latent, plan.init, rng);
      flow.steps.push_back({std::move(input), std::move(context), std::move(output), {plan.activation}});
    }
    return flow;
  }
};

}  // namespace GRADUS

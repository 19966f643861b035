// The flow latent: a Gaussian draw is carried through invertible steps, so that q(z|x) can have any shape that they give
// it. Rezende, Mohamed 2015. The steps are made by a kind of its own: planar.h, autoregressive.h.
//
//   z₀ ~ q₀(z|x) = N(μ(x), σ²(x))    z = f_T(… f₁(z₀))    log q(z|x) = log q₀(z₀|x) - Σ log |det ∂f_t/∂z_(t-1)|
//   KL = E log q(z|x) - log p(z), at the draws: p(z) is of z, not of z₀
#pragma once

#include "models/latent.h"
#include "models/latents/autoregressive.h"
#include "models/latents/planar.h"

namespace GRADUS {

struct FlowLatent {
  Network network;            // x (B, D) -> features (B, H)
  Linear mean, log_variance;  // (B, H) -> (B, Z), of z₀
  std::variant<PlanarFlow, AutoregressiveFlow> flow;

  Carried carry(const Tensor& z, const Tensor& features) const {
    return std::visit([&](const auto& kind) { return kind(z, features); }, flow);
  }
  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    check(price.kind != Price::stopped, "[flow] with the parameters of q held constant, the density of a given code "
                                        "takes the inverse of the flow");
    const Tensor h = network(batch.x, batch.condition, context);       // (B, H)
    const Normal q0{.loc = mean(h), .log_variance = log_variance(h)};  // (B, Z)
    const Tensor z0 = draws(q0, K, price, context.rng);                // (K, B, Z)
    const auto [z, log_det] = carry(z0, h);                            // (K, B, Z), (K, B, 1)
    return {z, sum(q0.log_prob(z0) - StandardNormal{}.log_prob(z), {-1}, keepdim) - log_det};
  }
  /// Where the flow carries the mean of z₀.
  Tensor code(const Minibatch& batch, Context& context) const {
    const Tensor h = network(batch.x, batch.condition, context), z0 = mean(h);
    return reshape(carry(reshape(z0, z0.shape().inserted(0, 1)), h).z, z0.shape());
  }
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const {
    return normal({n, mean.bias.numel()}, rng) * temperature;
  }

  void members(auto&& visit) {
    visit("", network);
    visit("mean", mean);
    visit("log_variance", log_variance);
    visit("flow", flow);
  }
};

struct FlowCode {
  static constexpr const char* kName = "flow";
  static constexpr const char* kHelp = "a Gaussian for each image, bent by invertible steps";
  static constexpr Pricing kPricing = Pricing::drawn;
  Choice<AutoregressiveSteps, PlanarSteps> flow;

  void settings(auto&& is) { is("flow", flow, "the steps' kind"); }
  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    const std::int64_t features = network.out().numel();
    Linear mean(features, plan.latent, plan.init, rng), log_variance(features, plan.latent, plan.init, rng);
    return std::visit(
        [&](const auto& kind) {
          return FlowLatent{std::move(network), std::move(mean), std::move(log_variance),
                            kind.make(features, plan, rng)};
        },
        flow.chosen);
  }
};

}  // namespace GRADUS

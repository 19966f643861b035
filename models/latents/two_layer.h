// Two stochastic layers: z₁, which the decoder sees, and z₂ above it, from which the prior of z₁ is made.
// Burda, Grosse, Salakhutdinov 2015; Sønderby, Raiko, Maaløe, Sønderby, Winther 2016.
//
//   q(z₁|x) q(z₂|z₁)    p(z₂) = N(0, 1)    p(z₁|z₂)    p(x|z₁)
//   KL = E log q(z₁|x) - log p(z₁|z₂) + KL(q(z₂|z₁) ‖ p(z₂))
#pragma once

#include "models/latent.h"
#include "models/networks/kind.h"
#include "nn/state.h"

namespace GRADUS {

/// A network with two heads, which make a Gaussian.
struct GaussianHeads {
  Network network;
  Linear mean, log_variance;

  GaussianHeads(Network body, std::int64_t latent, Init init, Rng& rng)
      : network(std::move(body)),
        mean(network.out().numel(), latent, init, rng),
        log_variance(network.out().numel(), latent, init, rng) {}
  /// (…, in) -> (…, latent)
  Normal operator()(const Tensor& x, const std::optional<Tensor>& condition, Context& context) const {
    const Tensor h = network(x, condition, context);
    return {.loc = mean(h), .log_variance = log_variance(h)};
  }
  void members(auto&& visit) {
    visit("", network);
    visit("mean", mean);
    visit("log_variance", log_variance);
  }
};

struct TwoLayerLatent {
  GaussianHeads lower;        // q(z₁|x)
  GaussianHeads upper;        // q(z₂|z₁)
  GaussianHeads conditional;  // p(z₁|z₂)

  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    check(!price.pull, "[two-layer] dreg's gradient is for codes of one layer");  // Bauer, Mnih 2021
    const Normal q1 = lower(batch.x, batch.condition, context);                   // (B, Z₁)
    const Tensor z1 = draws(q1, K, price, context.rng);                           // (K, B, Z₁)
    const Normal q2 = upper(z1, {}, context);                                     // (K, B, Z₂)
    const Tensor z2 = q2.rsample(context.rng);
    const Normal p1 = conditional(z2, {}, context);  // (K, B, Z₁)
    if (price.kind == Price::stopped) {              // the weights are held constant, but q(z₂|z₁) moves with z₁
      const Normal still = detached(upper)(z1, {}, context);
      return {z1, concat({priced(q1, p1, z1, price), priced(still, StandardNormal{}, z2, {Price::drawn})}, -1)};
    }
    const Tensor kl1 = priced(q1, p1, z1, {Price::drawn});                    // (K, B, Z₁)
    return {z1, concat({kl1, priced(q2, StandardNormal{}, z2, price)}, -1)};  // (K, B, Z₁ + Z₂)
  }
  Tensor code(const Minibatch& batch, Context& context) const {
    return lower(batch.x, batch.condition, context).mean();
  }
  Normal posterior(const Minibatch& batch, Context& context) const { return lower(batch.x, batch.condition, context); }
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const {
    Context context{.training = false, .rng = rng};
    const Tensor z2 = normal({n, upper.mean.bias.numel()}, rng) * temperature;
    return sampled(conditional(z2, {}, context), temperature, rng);
  }

  const Network& encoder() const { return lower.network; }
  std::vector<std::vector<Step>> heads() const {  // of the lower layer
    return {{step("mean", lower.mean)}, {step("log_variance", lower.log_variance)}};
  }

  void members(auto&& visit) {
    visit("", lower);
    visit("upper", upper);
    visit("conditional", conditional);
  }
};

struct TwoLayerCode {
  static constexpr const char* kName = "two-layer";
  static constexpr const char* kHelp = "two stochastic layers, the upper the prior of the lower";
  static constexpr Pricing kPricing = Pricing::drawn;
  std::int64_t upper_latent = 10, upper_hidden = 100;

  void settings(auto&& is) {
    is("upper_latent", upper_latent, IntegerRange{1, 65536}, "dimensions of the upper layer");
    is("upper_hidden", upper_hidden, IntegerRange{1, 65536}, "units of the dense layer between the two, either way");
  }
  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    const auto between = [&](std::int64_t in) {
      return std::move(NetworkBuilder({in}, plan.init, rng).linear("hidden", upper_hidden).activation(plan.activation))
          .build();
    };
    GaussianHeads lower(std::move(network), plan.latent, plan.init, rng);
    GaussianHeads upper(between(plan.latent), upper_latent, plan.init, rng);
    GaussianHeads conditional(between(upper_latent), plan.latent, plan.init, rng);
    // At first with variance 1: random ones, each a function of the layer before it, may be as small as e^-50.
    if (plan.init != Init::none)
      for (GaussianHeads* heads : {&upper, &conditional})
        heads->log_variance.weight = zeros(heads->log_variance.weight.shape());
    return TwoLayerLatent{std::move(lower), std::move(upper), std::move(conditional)};
  }
};

}  // namespace GRADUS

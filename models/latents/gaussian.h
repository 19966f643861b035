// The Gaussian latent: q(z|x) is a Gaussian of the encoder's making, p(z) the standard normal. Kingma, Welling 2013.
//
//   q(z|x) = N(μ(x), σ²(x))    z = μ + σ·ε    KL = ½ Σ (μ² + σ² - 1 - log σ²)
#pragma once

#include "models/latent.h"
#include "models/networks/kind.h"

namespace GRADUS {

/// How the encoder speaks of the spread: log σ², or σ itself through a softplus. (The book's first model has a layer for
/// σ of either sign, and takes log(1e-10 + σ²) lest it be that of 0. A softplus is above 0: nothing needs smoothing.)
enum class Head { log_variance, sigma };

struct GaussianLatent {
  Network network;      // x (B, D) -> features (B, H)
  Linear mean, spread;  // (B, H) -> (B, Z)
  Head head;

  Normal posterior(const Minibatch& batch, Context& context) const {
    const Tensor h = network(batch.x, batch.condition, context);  // (B, H)
    const Tensor s = spread(h);                                   // (B, Z)
    return {.loc = mean(h), .log_variance = head == Head::log_variance ? s : 2 * log(softplus(s))};
  }
  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    const Normal q = posterior(batch, context);        // q(z|x)
    const Tensor z = draws(q, K, price, context.rng);  // the reparameterization trick, (K, B, Z)
    return {z, priced(q, StandardNormal{}, z, price)};
  }
  Tensor code(const Minibatch& batch, Context& context) const { return posterior(batch, context).mean(); }
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const {
    return normal({n, mean.bias.numel()}, rng) * temperature;
  }

  std::vector<std::vector<Step>> heads() const {
    if (head == Head::log_variance) return {{step("mean", mean)}, {step("log_variance", spread)}};
    return {{step("mean", mean)},
            {step("sigma", spread), {"", Activation{Activation::softplus}, {spread.bias.numel()}}}};
  }

  void members(auto&& visit) {
    visit("", network);
    visit("mean", mean);
    visit(head == Head::log_variance ? "log_variance" : "sigma", spread);
    visit("head", head);
  }
};

inline GaussianLatent make_gaussian(Network network, Head head, const NetworkPlan& plan, Rng& rng) {
  const std::int64_t features = network.out().numel();
  Linear mean(features, plan.latent, plan.init, rng), spread(features, plan.latent, plan.init, rng);
  return {std::move(network), std::move(mean), std::move(spread), head};
}

struct GaussianCode {
  static constexpr const char* kName = "gaussian";
  static constexpr const char* kHelp = "a Gaussian for each image, the standard normal as prior";
  static constexpr Pricing kPricing = Pricing::stopped;
  Head head = Head::log_variance;

  void settings(auto&& is) {
    static constexpr Word<Head> kHeads[] = {{"log-variance", Head::log_variance}, {"sigma", Head::sigma}};
    is("head", head, kHeads, "what the encoder gives beside the mean");
  }
  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    return make_gaussian(std::move(network), head, plan, rng);
  }
};

}  // namespace GRADUS

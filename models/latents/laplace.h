// The Laplace latent: codes need not be Gaussian. q(z|x) and p(z) are Laplace distributions.
//
//   q(z|x) = Laplace(μ(x), b(x))    p(z) = Laplace(0, 1)    KL = Σ -log b + b·e^(-|μ|/b) + |μ| - 1
#pragma once

#include <numbers>

#include "models/latent.h"
#include "models/networks/kind.h"

namespace GRADUS {

struct LaplaceLatent {
  Network network;         // x (B, D) -> features (B, H)
  Linear mean, log_scale;  // (B, H) -> (B, Z)

  Laplace q(const Minibatch& batch, Context& context) const {
    const Tensor h = network(batch.x, batch.condition, context);
    return {.loc = mean(h), .log_scale = log_scale(h)};
  }
  static Laplace p() { return {scalar(0), scalar(0)}; }

  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    const Laplace q = this->q(batch, context);
    const Tensor z = draws(q, K, price, context.rng);
    return {z, priced(q, p(), z, price)};
  }
  Tensor code(const Minibatch& batch, Context& context) const { return q(batch, context).mean(); }
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const {
    const Shape shape{n, mean.bias.numel()};
    return Laplace{zeros(shape), zeros(shape)}.sample(rng) * temperature;
  }
  /// The variance of a Laplace distribution is 2b².
  Normal posterior(const Minibatch& batch, Context& context) const {
    const Laplace q = this->q(batch, context);
    return {.loc = q.loc, .log_variance = 2 * q.log_scale + std::numbers::ln2_v<Real>};
  }

  std::vector<std::vector<Step>> heads() const { return {{step("mean", mean)}, {step("log_scale", log_scale)}}; }

  void members(auto&& visit) {
    visit("", network);
    visit("mean", mean);
    visit("log_scale", log_scale);
  }
};

struct LaplaceCode {
  static constexpr const char* kName = "laplace";
  static constexpr const char* kHelp = "Laplace distributions in place of Gaussians";
  static constexpr Pricing kPricing = Pricing::stopped;

  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    const std::int64_t features = network.out().numel();
    Linear mean(features, plan.latent, plan.init, rng), log_scale(features, plan.latent, plan.init, rng);
    return LaplaceLatent{std::move(network), std::move(mean), std::move(log_scale)};
  }
};

}  // namespace GRADUS

// The point latent makes an autoencoder: a code is what the encoder says, and nothing more. There is no q(z|x), no p(z)
// and therefore no bound; new codes are drawn from a Gaussian fitted to those of the training images.
#pragma once

#include "models/latent.h"
#include "models/latents/fitted.h"
#include "models/networks/kind.h"

namespace GRADUS {

struct PointLatent {
  Network network;        // x (B, D) -> features (B, H)
  Linear coding;          // (B, H) -> (B, Z)
  FittedGaussian fitted;  // to the training codes

  Tensor code(const Minibatch& batch, Context& context) const {
    return coding(network(batch.x, batch.condition, context));
  }
  Draw draw(const Minibatch& batch, std::int64_t K, const Price&, Context& context) const {
    const Tensor z = code(batch, context);  // (B, Z): K draws are K times the same
    return {K == 1 ? reshape(z, z.shape().inserted(0, 1)) : broadcast_to(z, z.shape().inserted(0, K))};
  }
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const { return fitted.draw(n, rng, temperature); }
  void fit(const Tensor& codes) { fitted.fit(codes); }

  std::vector<std::vector<Step>> heads() const { return {{step("code", coding)}}; }

  void members(auto&& visit) {
    visit("", network);
    visit("code", coding);
    visit("fitted", fitted);
  }
};

struct PointCode {
  static constexpr const char* kName = "point";
  static constexpr const char* kHelp = "a point: an autoencoder, which has no bound";
  static constexpr Pricing kPricing = Pricing::none;
  static constexpr const char* kSampled = "a Gaussian fitted to the codes of the training images";

  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    Linear coding(network.out().numel(), plan.latent, plan.init, rng);
    return PointLatent{std::move(network), std::move(coding), FittedGaussian(plan.latent, plan.init)};
  }
};

}  // namespace GRADUS

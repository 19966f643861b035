// The sparse latent: an autoencoder of logistic codings, each of which is to be active in a share ρ of the images. The
// penalty is the KL divergence between coins that fall with probability ρ and ρ̂, the mean coding over the batch.
// Ng, Sparse autoencoder (CS294A lecture notes 2011); Géron, Hands-On Machine Learning, chapter 17.
//
//   kl   penalty = weight · Σ ρ·log(ρ/ρ̂) + (1 - ρ)·log((1 - ρ)/(1 - ρ̂))
//   l1   penalty = weight · Σ codings, of each image
//
// It stands beside nats per image. The book adds 0.005 · Σ … to a mean square over 784 pixels, and Keras divides what it
// calls an activity penalty by the batch, of 32: beside ½ Σ (x - x̂)² that is a weight of 784/2 · 0.005/32 = 0.06.
// The sum of codings, of which it adds 0.0001 · Σ, is an image's own: a weight of 784/2 · 0.0001 = 0.0392.
#pragma once

#include <cmath>

#include "models/latent.h"
#include "models/latents/fitted.h"
#include "models/networks/kind.h"

namespace GRADUS {

enum class SparsityPenalty { kl, l1 };

struct SparseLatent {
  Network network;        // x (B, D) -> features (B, H)
  Linear coding;          // (B, H) -> (B, Z), before the logistic function
  FittedGaussian fitted;  // to the training codes
  double target, weight;
  SparsityPenalty by = SparsityPenalty::kl;

  Tensor code(const Minibatch& batch, Context& context) const {
    return sigmoid(coding(network(batch.x, batch.condition, context)));
  }
  Draw draw(const Minibatch& batch, std::int64_t K, const Price&, Context& context) const {
    const Tensor a = coding(network(batch.x, batch.condition, context));  // (B, Z), logits
    const std::int64_t B = a.shape()[0];
    const Tensor z = sigmoid(a), seen = broadcast_to(z, a.shape().inserted(0, K));
    if (by == SparsityPenalty::l1) return {.z = seen, .penalty = sum(z, {1}) * static_cast<Real>(weight)};
    const Real p = static_cast<Real>(target), log_B = std::log(static_cast<Real>(B));
    const Tensor log_active = logsumexp(-softplus(-a), {0}) - log_B;  // log ρ̂, (Z), also where ρ̂ rounds to 0
    const Tensor log_idle = logsumexp(-softplus(a), {0}) - log_B;     // log(1 - ρ̂)
    const Tensor penalty = sum(p * (std::log(p) - log_active) + (1 - p) * (std::log1p(-p) - log_idle));
    return {.z = seen, .penalty = broadcast_to(penalty * static_cast<Real>(weight), {B})};
  }
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const {
    return clamp(fitted.draw(n, rng, temperature), 0, 1);
  }
  void fit(const Tensor& codes) { fitted.fit(codes); }

  std::vector<std::vector<Step>> heads() const {
    return {{step("code", coding), {"", Activation{Activation::sigmoid}, {coding.bias.numel()}}}};
  }

  void members(auto&& visit) {
    visit("", network);
    visit("code", coding);
    visit("fitted", fitted);
    visit("target", target);
    visit("weight", weight);
    visit("by", by);
  }
};

struct SparseCode {
  static constexpr const char* kName = "sparse";
  static constexpr const char* kHelp = "an autoencoder of codings that are seldom active";
  static constexpr Pricing kPricing = Pricing::none;
  static constexpr const char* kSampled = "a Gaussian fitted to the codes of the training images";
  double sparsity = 0.1, sparsity_weight = 0.06;
  SparsityPenalty sparsity_penalty = SparsityPenalty::kl;

  void settings(auto&& is) {
    is("sparsity", sparsity, RealRange{.min = 0, .max = 1, .above_min = true, .below_max = true},
       "share of the images in which a coding is to be active");
    is("sparsity_weight", sparsity_weight, RealRange{.min = 0, .max = 1e6},
       "of the penalty for being active more or less, beside nats per image");
    static constexpr Word<SparsityPenalty> kPenalties[] = {{"kl", SparsityPenalty::kl}, {"l1", SparsityPenalty::l1}};
    is("sparsity_penalty", sparsity_penalty, kPenalties, "how far from that share, or the sum of codings");
  }
  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    Linear coding(network.out().numel(), plan.latent, plan.init, rng);
    return SparseLatent{std::move(network), std::move(coding), FittedGaussian(plan.latent, plan.init),
                        sparsity,           sparsity_weight,   sparsity_penalty};
  }
};

}  // namespace GRADUS

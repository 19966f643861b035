// A code of one's own, in one file: q(z|x) and p(z) are logistic distributions, whose KL divergence has no closed form,
// so draws are priced one by one.
#pragma once

#include <gradus/gradus.h>
#include <gradus/models/latent.h>

struct LogisticLatent {
  gradus::Network network;         // x (B, D) -> features (B, H)
  gradus::Linear mean, log_scale;  // (B, H) -> (B, Z)

  gradus::Logistic q(const gradus::Minibatch& batch, gradus::Context& context) const {
    const gradus::Tensor h = network(batch.x, batch.condition, context);
    return {.loc = mean(h), .log_scale = log_scale(h)};
  }
  gradus::Draw draw(const gradus::Minibatch& batch, std::int64_t K, const gradus::Price&,
                    gradus::Context& context) const {
    const gradus::Logistic q = this->q(batch, context), p{gradus::zeros({1}), gradus::zeros({1})};
    const gradus::Logistic each{gradus::broadcast_to(q.loc, q.loc.shape().inserted(0, K)), q.log_scale};
    const gradus::Tensor z = each.rsample(context.rng);  // (K, B, Z)
    return {z, q.log_prob(z) - p.log_prob(z)};
  }
  gradus::Tensor code(const gradus::Minibatch& batch, gradus::Context& context) const { return q(batch, context).loc; }
  gradus::Tensor prior(std::int64_t n, gradus::Rng& rng) const {
    const std::int64_t latent = mean.bias.numel();
    return gradus::Logistic{gradus::zeros({n, latent}), gradus::zeros({n, latent})}.sample(rng);
  }
  void members(auto&& visit) {
    visit("", network);
    visit("mean", mean);
    visit("log_scale", log_scale);
  }
};

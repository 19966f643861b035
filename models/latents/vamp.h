// The VampPrior: a mixture of the encoder's own posteriors at learnt pseudo-inputs, begun from training images.
// Tomczak, Welling 2018.
//
//   p(z) = 1/N Σ q(z|uₙ)    KL = E log q(z|x) - log p(z), at the draws
#pragma once

#include "models/latents/gaussian.h"

namespace GRADUS {

struct VampLatent {
  GaussianLatent gaussian;
  Tensor pseudo_inputs;  // (N, D), seen in [0, 1]

  /// q(z|uₙ), (N, Z)
  Normal components(Context& context) const { return gaussian.posterior({clamp(pseudo_inputs, 0, 1)}, context); }
  /// log p(z): (K, B, Z) -> (K, B, 1)
  Tensor log_prior(const Tensor& z, Context& context) const {
    const Normal u = components(context);
    const Tensor each = sum(u.log_prob(reshape(z, z.shape().inserted(2, 1))), -1);  // (K, B, N)
    return logsumexp(each, -1, keepdim) - std::log(static_cast<Real>(pseudo_inputs.shape()[0]));
  }
  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    const Normal q = gaussian.posterior(batch, context);
    const Tensor z = draws(q, K, price, context.rng);
    const Tensor log_q = sum((price.kind == Price::stopped ? stopped(q) : q).log_prob(z), -1, keepdim);  // (K, B, 1)
    return {z, log_q - log_prior(z, context)};
  }
  Tensor code(const Minibatch& batch, Context& context) const { return gaussian.code(batch, context); }
  Normal posterior(const Minibatch& batch, Context& context) const { return gaussian.posterior(batch, context); }
  Tensor prior(std::int64_t n, Rng& rng) const {
    Context context{.training = false, .rng = rng};
    const Normal u = components(context);
    const Tensor which = uniform({n}, rng);
    Indices rows{Shape{n}};
    const std::int64_t N = pseudo_inputs.shape()[0];
    for (std::int64_t i = 0; i < n; ++i)
      rows.values[i] = std::min(static_cast<std::int64_t>(which.at({i}) * static_cast<Real>(N)), N - 1);
    return Normal{embedding(u.loc, rows), embedding(u.log_variance, rows)}.sample(rng);
  }
  /// Pseudo-inputs from training images.
  std::int64_t wanted() const { return pseudo_inputs.shape()[0]; }
  void begin(const Tensor& x) { pseudo_inputs = detach(x); }

  void members(auto&& visit) {
    visit("", gaussian);
    visit("pseudo_inputs", pseudo_inputs);
  }
};

struct VampCode {
  static constexpr const char* kName = "vamp";
  static constexpr const char* kHelp = "a Gaussian for each image, its prior a mixture of such at learnt images";
  static constexpr Pricing kPricing = Pricing::drawn;
  std::int64_t pseudo_inputs = 500;

  void settings(auto&& is) {
    is("pseudo_inputs", pseudo_inputs, IntegerRange{1, 65536}, "learnt images, begun from the training set");
  }
  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const;
};

}  // namespace GRADUS

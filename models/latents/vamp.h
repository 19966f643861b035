// The VampPrior: a mixture of the encoder's own posteriors at learnt pseudo-inputs, begun from training images.
// Tomczak, Welling 2018.
//
//   p(z) = 1/N Σ q(z|uₙ)    KL = E log q(z|x) - log p(z), at the draws
#pragma once

#include <cmath>

#include "models/latents/gaussian.h"

namespace GRADUS {

struct VampLatent {
  GaussianLatent gaussian;           // q(z|x)
  Tensor pseudo_inputs;              // (N, D), seen in [0, 1]
  std::optional<Buffer> conditions;  // (N, C): those of the images that they were begun from

  std::int64_t size() const { return pseudo_inputs.shape()[0]; }
  /// q(z|uₙ), (N, Z)
  Normal components(Context& context) const {
    Minibatch inputs{clamp(pseudo_inputs, 0, 1)};
    if (conditions) inputs.condition = conditions->value;
    return gaussian.posterior(inputs, context);
  }
  /// log p(z): (K, B, Z) -> (K, B, 1)
  Tensor log_prior(const Tensor& z, Context& context) const {
    const Normal u = components(context);
    const Tensor each = sum(u.log_prob(reshape(z, z.shape().inserted(2, 1))), -1);  // (K, B, N)
    return logsumexp(each, {-1}, keepdim) - std::log(static_cast<Real>(size()));
  }
  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    const Normal q = gaussian.posterior(batch, context);
    const Tensor z = draws(q, K, price, context.rng);  // (K, B, Z)
    const Tensor log_q = (price.kind == Price::stopped ? stopped(q) : q).log_prob(z);
    return {z, sum(log_q, -1, keepdim) - log_prior(z, context)};  // (K, B, 1)
  }
  Tensor code(const Minibatch& batch, Context& context) const { return gaussian.code(batch, context); }
  Normal posterior(const Minibatch& batch, Context& context) const { return gaussian.posterior(batch, context); }
  /// From components taken at random.
  Tensor prior(std::int64_t n, Rng& rng, Real temperature = 1) const {
    Context context{.training = false, .rng = rng};
    const Normal u = components(context);
    const std::vector<Real> places = uniform({n}, rng).values();  // in [0, 1)
    Indices which;
    which.shape = {n};
    for (const Real place : places)
      which.values.push_back(std::min(static_cast<std::int64_t>(place * static_cast<Real>(size())), size() - 1));
    return sampled({embedding(u.loc, which), embedding(u.log_variance, which)}, temperature, rng);
  }
  const Network& encoder() const { return gaussian.network; }
  std::vector<std::vector<Step>> heads() const { return gaussian.heads(); }

  std::int64_t wanted() const { return size(); }
  /// Error unless there are as many as it wants.
  void begin(const Minibatch& images) {
    check(images.x.shape() == pseudo_inputs.shape(), "[vamp] pseudo-inputs of shape {} cannot begin from images of {}",
          pseudo_inputs.shape(), images.x.shape());
    pseudo_inputs = detach(images.x);
    if (conditions) conditions->value = detach(images.condition.value());
  }

  void members(auto&& visit) {
    visit("", gaussian);
    visit("pseudo_inputs", pseudo_inputs);
    visit("pseudo_conditions", conditions);
  }
};

struct VampCode {
  static constexpr const char* kName = "vamp";
  static constexpr const char* kHelp = "a Gaussian for each image; as prior, the mixture of those of learnt images";
  static constexpr Pricing kPricing = Pricing::stopped;
  std::int64_t pseudo_inputs = 500;

  void settings(auto&& is) {
    is("pseudo_inputs", pseudo_inputs, IntegerRange{1, 65536},
       "learnt images, begun from the training set; if that has fewer, as many");
  }
  void settle(std::int64_t images) { pseudo_inputs = std::min(pseudo_inputs, images); }

  Latent make(Network network, const NetworkPlan& plan, Rng& rng) const {
    const auto filled = [&](std::int64_t width, Real with) {
      const Shape shape{pseudo_inputs, width};
      return plan.init == Init::none ? initial_weight(Init::none, shape, 1, 1, rng) : full(shape, with);
    };
    std::optional<Buffer> conditions;
    if (plan.condition > 0) conditions = Buffer{filled(plan.condition, 0)};
    return VampLatent{make_gaussian(std::move(network), Head::log_variance, plan, rng), filled(plan.data(), Real(0.5)),
                      std::move(conditions)};
  }
};

}  // namespace GRADUS

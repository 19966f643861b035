#include "models/vae.h"

namespace GRADUS {

Tensor ImageDistribution::mean() const {
  return std::visit([](const auto& p) { return p.mean(); }, chosen);
}

Tensor ImageDistribution::log_prob(const Tensor& x) const {
  return std::visit([&](const auto& p) { return p.log_prob(x); }, chosen);
}

using Widths = std::vector<std::int64_t>;

// Layers from `in` through the widths; `in` becomes the last of them.
static std::vector<Linear> dense_layers(std::int64_t& in, const Widths& widths, Init init, Rng& rng) {
  std::vector<Linear> layers;
  for (const std::int64_t width : widths) layers.emplace_back(std::exchange(in, width), width, init, rng);
  return layers;
}

Encoder::Encoder(const VaeSettings& s, Rng& rng, std::int64_t width)
    : convolutions(conv_encoder(s, rng)),
      hidden(dense_layers(width, s.hidden, s.init, rng)),
      activation{s.activation},
      mean(width, s.latent, s.init, rng),
      spread(width, s.latent, s.init, rng),
      head(s.head) {}

Normal Encoder::operator()(const Tensor& x) const {
  Tensor h = convolutions ? (*convolutions)(x) : x;             // (B, D), or features
  for (const Linear& layer : hidden) h = activation(layer(h));  // (B, H)
  const Tensor s = spread(h);                                   // (B, Z)
  return {.loc = mean(h), .log_variance = head == Head::log_variance ? s : 2 * log(softplus(s))};
}

Decoder::Decoder(const VaeSettings& s, Rng& rng, std::int64_t width)
    : hidden(dense_layers(width, Widths(s.hidden.rbegin(), s.hidden.rend()), s.init, rng)),
      activation{s.activation},
      output(width, feature_count(s), s.init, rng),
      convolutions(conv_decoder(s, rng)),
      likelihood(s.likelihood) {}

ImageDistribution Decoder::operator()(const Tensor& z) const {
  Tensor h = z;                                                 // (B, Z)
  for (const Linear& layer : hidden) h = activation(layer(h));  // (B, H)
  Tensor y = output(h);                                         // (B, D), or features
  if (convolutions) y = (*convolutions)(activation(y));         // (B, D)
  if (likelihood == Likelihood::bernoulli) return {Bernoulli{.logits = y}};
  return {UnitNormal{.loc = y}};
}

Vae::Vae(const VaeSettings& settings, Rng& rng)
    : encoder(settings, rng, feature_count(settings)),
      decoder(settings, rng, settings.latent),
      latent(settings.latent) {}

// `draws`: where the randomness comes from, a generator or noise given.
static Elbo bound(const Vae& vae, const Tensor& x, auto& draws) {
  const Normal q = vae.encode(x);             // q(z|x), (B, Z)
  const Tensor z = q.rsample(draws);          // the reparameterization trick
  const ImageDistribution p = vae.decode(z);  // p(x|z), (B, D)
  return {.log_likelihood = sum(p.log_prob(x), -1), .kl = sum(kl_divergence(q, StandardNormal{}), -1)};
}

Elbo elbo(const Vae& vae, const Tensor& x, Rng& rng) { return bound(vae, x, rng); }
Elbo elbo(const Vae& vae, const Tensor& x, const Tensor& noise) { return bound(vae, x, noise); }

}  // namespace GRADUS

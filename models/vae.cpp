#include "models/vae.h"

namespace gradus::inline GRADUS_FLAVOUR {

Tensor ImageDistribution::mean() const {
  if (const auto* bernoulli = std::get_if<Bernoulli>(&chosen)) return bernoulli->mean();
  return std::get<UnitNormal>(chosen).mean;
}

Tensor ImageDistribution::log_prob(const Tensor& x) const {
  return std::visit([&](const auto& p) { return p.log_prob(x); }, chosen);
}

// Layers through the widths `from`, hidden…
static std::vector<Linear> stack(std::int64_t from, std::span<const std::int64_t> widths, Init init, Rng& rng) {
  std::vector<Linear> layers;
  for (const std::int64_t width : widths) {
    layers.emplace_back(from, width, init, rng);
    from = width;
  }
  return layers;
}

static std::int64_t last_or(std::span<const std::int64_t> widths, std::int64_t otherwise) {
  return widths.empty() ? otherwise : widths.back();
}

static std::vector<std::int64_t> reversed(const std::vector<std::int64_t>& widths) {
  return {widths.rbegin(), widths.rend()};
}

Encoder::Encoder(const VaeSettings& s, Rng& rng)
    : hidden(stack(s.data, s.hidden, s.init, rng)),
      activation{s.activation},
      mean(last_or(s.hidden, s.data), s.latent, s.init, rng),
      spread(last_or(s.hidden, s.data), s.latent, s.init, rng),
      head(s.head) {}

Normal Encoder::operator()(const Tensor& x) const {
  Tensor h = x;                                            // (B, D)
  for (const Linear& layer : hidden) h = activation(layer(h));  // (B, H)
  const Tensor s = spread(h);                              // (B, Z)
  return {.mean = mean(h), .log_variance = head == Head::log_variance ? s : 2 * log(softplus(s))};
}

Decoder::Decoder(const VaeSettings& s, Rng& rng)
    : hidden(stack(s.latent, reversed(s.hidden), s.init, rng)),
      activation{s.activation},
      output(last_or(reversed(s.hidden), s.latent), s.data, s.init, rng),
      likelihood(s.likelihood) {}

ImageDistribution Decoder::operator()(const Tensor& z) const {
  Tensor h = z;                                            // (B, Z)
  for (const Linear& layer : hidden) h = activation(layer(h));  // (B, H)
  const Tensor y = output(h);                              // (B, D)
  if (likelihood == Likelihood::bernoulli) return {Bernoulli{.logits = y}};
  return {UnitNormal{.mean = y}};
}

Vae::Vae(const VaeSettings& settings, Rng& rng)
    : encoder(settings, rng), decoder(settings, rng), latent(settings.latent) {}

// `draws`: where the randomness comes from, a generator or noise given.
static Elbo bound(const Vae& vae, const Tensor& x, auto& draws) {
  const Normal q = vae.encode(x);             // q(z|x), (B, Z)
  const Tensor z = q.rsample(draws);          // the reparameterization trick
  const ImageDistribution p = vae.decode(z);  // p(x|z), (B, D)
  return {.log_likelihood = sum(p.log_prob(x), -1), .kl = sum(kl_divergence(q, StandardNormal{}), -1)};
}

Elbo elbo(const Vae& vae, const Tensor& x, Rng& rng) { return bound(vae, x, rng); }
Elbo elbo(const Vae& vae, const Tensor& x, const Tensor& noise) { return bound(vae, x, noise); }

}  // namespace gradus::inline GRADUS_FLAVOUR

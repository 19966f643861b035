// The variational autoencoder: an encoder to a Gaussian over latent codes, a decoder to a distribution over images, and
// the evidence lower bound (ELBO) that trains both. Kingma, Welling 2013; Géron, Hands-On Machine Learning, chapter 17.
//
// B batch, D data (pixels), H hidden, Z latent.
#pragma once

#include "models/conv_vae.h"
#include "nn/distributions.h"
#include "nn/linear.h"

namespace GRADUS {

/// A distribution over images that is chosen at run time.
struct ImageDistribution {
  std::variant<Bernoulli, UnitNormal> chosen;

  /// (B, D)
  Tensor mean() const;
  /// Nats per element, (B, D).
  Tensor log_prob(const Tensor& x) const;
};

/// q(z|x)
struct Encoder {
  std::optional<ConvEncoder> convolutions;
  std::vector<Linear> hidden;
  Activation activation;
  Linear mean, spread;
  Head head;

  Encoder(const VaeSettings& settings, Rng& rng, std::int64_t width);  // of the hidden layers' input: D, or features
  /// (B, D) -> (B, Z)
  Normal operator()(const Tensor& x) const;

  void members(auto&& visit) {
    visit("convolutions", convolutions);
    visit("hidden", hidden);
    visit("activation", activation);
    visit("mean", mean);
    visit(head == Head::log_variance ? "log_variance" : "sigma", spread);
    visit("head", head);
  }
};

/// p(x|z)
struct Decoder {
  std::vector<Linear> hidden;
  Activation activation;
  Linear output;  // to D, or features
  std::optional<ConvDecoder> convolutions;
  Likelihood likelihood;

  Decoder(const VaeSettings& settings, Rng& rng, std::int64_t width);  // of its input: Z
  /// (B, Z) -> (B, D)
  ImageDistribution operator()(const Tensor& z) const;

  void members(auto&& visit) {
    visit("hidden", hidden);
    visit("activation", activation);
    visit("output", output);
    visit("convolutions", convolutions);
    visit("likelihood", likelihood);
  }
};

struct Vae {
  Encoder encoder;
  Decoder decoder;
  std::int64_t latent;

  Vae(const VaeSettings& settings, Rng& rng);

  Normal encode(const Tensor& x) const { return encoder(x); }
  ImageDistribution decode(const Tensor& z) const { return decoder(z); }

  void members(auto&& visit) {
    visit("encoder", encoder);
    visit("decoder", decoder);
    visit("latent", latent);
  }
};

/// The two parts of the bound, each (B), in nats per sample: log p(x) ≥ log_likelihood - kl.
struct Elbo {
  Tensor log_likelihood;  // E log p(x|z), by one draw of z
  Tensor kl;              // KL(q(z|x) ‖ p(z)), exact

  /// log_likelihood - β·kl; β = 1 is the bound (β-VAE: Higgins et al. 2017).
  Tensor value(Real beta = 1) const { return log_likelihood - kl * beta; }
};

/// The bound for a batch x (B, D).
Elbo elbo(const Vae& vae, const Tensor& x, Rng& rng);
/// The same for given draws (B, Z) of a standard normal.
Elbo elbo(const Vae& vae, const Tensor& x, const Tensor& noise);

}  // namespace GRADUS

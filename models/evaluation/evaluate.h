// The bound on images that were not trained on.
#pragma once

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

/// Nats per image at β = 1: means over images. An autoencoder has no KL divergence, and no bound.
struct Evaluation {
  double log_likelihood = 0;
  std::optional<double> kl{};
  std::vector<Figure> figures{};                         // what else the latent tells of itself
  std::vector<double> kl_by_dimension{};                 // one for all where it does not split
  std::vector<double> each_log_likelihood{}, each_kl{};  // of every image
  std::optional<double> elbo() const { return kl ? std::optional(log_likelihood - *kl) : std::nullopt; }
  /// What tells models apart: the bound, or else the log-likelihood.
  double score() const { return elbo().value_or(log_likelihood); }
};

/// How many samples go through a model in some 64 MB of float: at most 500, and at least one.
std::int64_t samples_at_once(const Vae& vae);
/// How many images evaluation and pictures take at once: 500, or, where these would become more numbers than 64 MB hold
/// in float, no more than a batch of the training, which had room for its gradients too. A multiple of four: the generator
/// gives numbers by fours, so that an image's noise is the same however many are taken at once.
std::int64_t images_at_once(const Vae& vae, std::int64_t batch_size);

/// Evaluates `vae` on all images, one draw of z each, so many images at once. Error when there are none.
Evaluation evaluate(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once = 500);

/// Of every image, the squared error of a pixel in the mean: between x and the mean of p(x|z) at the code of x.
std::vector<double> squared_errors(const Vae& vae, const Images& images, const Shown& shown,
                                   std::int64_t at_once = 500);

}  // namespace GRADUS

// The bound on images that were not trained on.
#pragma once

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

/// Nats per image at β = 1: the mean over the images, one draw of z each.
struct Evaluation {
  double log_likelihood = 0;
  double kl = 0;
  double elbo() const { return log_likelihood - kl; }
};

/// How many images evaluation and pictures take at once: 500, or, where these would become more numbers than 64 MB hold
/// in float, no more than a batch of the training, which had room for its gradients too.
std::int64_t images_at_once(const Vae& vae, std::int64_t batch_size);

/// Evaluates `vae` on all images, so many at once. Error when there are none.
Evaluation evaluate(const Vae& vae, const Images& images, Binarize binarize, std::int64_t at_once = 500);

}  // namespace GRADUS

// The bound on images that were not trained on.
#pragma once

#include "models/config.h"
#include "models/data/dataset.h"

namespace GRADUS {

/// Nats per image at β = 1: the mean over the images, one draw of z each.
struct Evaluation {
  double log_likelihood = 0;
  double kl = 0;
  double elbo() const { return log_likelihood - kl; }
};

/// Whether the images are drawn as bits before use, and from which stream.
struct PixelBits {
  bool drawn = false;
  std::uint64_t stream = 0;
};
PixelBits test_bits(Binarize binarize);

/// The images at `rows` as (rows, D) in [0, 1]; drawn as bits, each image from its own place in the stream.
Tensor batch_of(const Images& images, std::span<const std::int64_t> rows, const PixelBits& bits);

/// How many images evaluation and pictures take at once: 500, or, where these would become more numbers than 64 MB hold
/// in float, no more than a batch of the training, which had room for its gradients too.
std::int64_t images_at_once(const Config& config);

/// Evaluates `vae` on all images, so many at once: a matter of memory, on which the bound depends by rounding alone, as
/// products of few rows are summed in another order. Error when there are none.
Evaluation evaluate(const Vae& vae, const Images& images, const PixelBits& bits, std::int64_t batch_size = 500);

}  // namespace GRADUS

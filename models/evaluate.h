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

/// Evaluates `vae` on all images, in batches of a fixed size, so that nothing depends on how it was trained. Error when
/// there are none.
Evaluation evaluate(const Vae& vae, const Images& images, const PixelBits& bits);

}  // namespace GRADUS

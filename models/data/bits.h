// Grey pixels as bits: what a model is shown of the images at some rows.
#pragma once

#include "models/data/dataset.h"
#include "models/minibatch.h"
#include "tensor/random.h"

namespace GRADUS {

/// What becomes of grey pixels x in [0, 1]. none: they are the data. statically: each pixel is 1 with probability x, drawn
/// once for all runs. dynamically: drawn anew each time an image is used in training. Test images are drawn once and for
/// all in both.
enum class Binarize { none, statically, dynamically };

/// The images at `rows` as a batch, (rows, D) in [0, 1]. Bits that are drawn anew come from `rng`; those drawn once, each
/// image's from its own place in a stream.
Minibatch training_batch(const Images& images, std::span<const std::int64_t> rows, Binarize binarize, Rng& rng);
Minibatch test_batch(const Images& images, std::span<const std::int64_t> rows, Binarize binarize);

}  // namespace GRADUS

// What a model is shown of the images at some rows: grey pixels as they are, as bits, or with noise between their levels,
// and their condition.
#pragma once

#include <algorithm>

#include "models/condition.h"
#include "models/minibatch.h"
#include "tensor/random.h"

namespace GRADUS {

/// What becomes of grey pixels x in [0, 1]. none: they are the data. statically: each pixel is 1 with probability x, drawn
/// once for all runs. dynamically: drawn anew each time an image is used in training. Test images are drawn once and for
/// all in both.
enum class Binarize { none, statically, dynamically };

/// How images are shown.
struct Shown {
  Binarize binarize = Binarize::none;
  bool dequantize = false;  // level k of grey pixels as (k + u)/256, u drawn anew in training, else once for all
  Conditions condition{};

  Shown(Binarize binarize = Binarize::none, bool dequantize = false, const Conditions& condition = {})
      : binarize(binarize), dequantize(dequantize), condition(condition) {}
};

/// The images at `rows` as a batch, (rows, D) in [0, 1], with their condition. What is drawn anew comes from `rng`; what is
/// drawn once, each image's from its own place in a stream.
Minibatch training_batch(const Images& images, std::span<const std::int64_t> rows, const Shown& shown, Rng& rng);
Minibatch test_batch(const Images& images, std::span<const std::int64_t> rows, const Shown& shown);

/// Calls see(batch) for the first `count` images in their order, so many at once.
template <class See>
void for_each_test_batch(const Images& images, const Shown& shown, std::int64_t count, std::int64_t at_once,
                         const See& see) {
  for (std::int64_t begin = 0; begin < count; begin += at_once)
    see(test_batch(images, rows_between(begin, std::min(begin + at_once, count)), shown));
}

}  // namespace GRADUS

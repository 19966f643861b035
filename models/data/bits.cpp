#include "models/data/bits.h"

#include <algorithm>

#include "autograd/ops.h"
#include "models/training/streams.h"

namespace GRADUS {

static Tensor grey(const Images& images, std::span<const std::int64_t> rows) {
  Tensor x({static_cast<std::int64_t>(rows.size()), images.pixels_per_image()});
  fill_batch(images, rows, x.write());
  return x;
}

// Uniform numbers for the pixels of each image from its own place in the stream.
static Tensor uniform_once(const Images& images, std::span<const std::int64_t> rows, std::uint64_t stream) {
  const std::int64_t size = images.pixels_per_image();
  const std::uint64_t blocks = static_cast<std::uint64_t>(size);  // at least what one image draws
  Tensor all({static_cast<std::int64_t>(rows.size()), size});
  Real* out = all.write().data;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Rng rng{.seed = 0, .stream = stream, .counter = static_cast<std::uint64_t>(rows[i]) * blocks};
    const Tensor u = uniform({size}, rng);
    out = std::copy_n(u.view().data, size, out);
  }
  return all;
}

// x = k/255 -> (k + u)/256
static Tensor dequantized(const Tensor& x, const Tensor& u) { return (x * 255 + u) / 256; }

Minibatch training_batch(const Images& images, std::span<const std::int64_t> rows, const Shown& shown, Rng& rng) {
  Tensor x = grey(images, rows);
  if (shown.binarize == Binarize::statically)
    x = uniform_once(images, rows, stream::kTrainBits) < x;
  else if (shown.binarize == Binarize::dynamically)
    x = uniform(x.shape(), rng) < x;
  else if (shown.dequantize)
    x = dequantized(x, uniform(x.shape(), rng));
  return {x, condition_of(shown.condition, images, rows)};
}

Minibatch test_batch(const Images& images, std::span<const std::int64_t> rows, const Shown& shown) {
  Tensor x = grey(images, rows);
  if (shown.binarize != Binarize::none)
    x = uniform_once(images, rows, stream::kTestBits) < x;
  else if (shown.dequantize)
    x = dequantized(x, uniform_once(images, rows, stream::kTestBits));
  return {x, condition_of(shown.condition, images, rows)};
}

}  // namespace GRADUS

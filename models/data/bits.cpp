#include "models/data/bits.h"

#include "autograd/ops.h"
#include "models/training/streams.h"

namespace GRADUS {

static Tensor grey(const Images& images, std::span<const std::int64_t> rows) {
  Tensor x({static_cast<std::int64_t>(rows.size()), images.pixels_per_image()});
  fill_batch(images, rows, x.write());
  return x;
}

static Tensor drawn_once(const Images& images, std::span<const std::int64_t> rows, std::uint64_t stream) {
  const std::int64_t size = images.pixels_per_image();
  const std::uint64_t blocks = static_cast<std::uint64_t>(size);  // at least what one image draws
  Tensor x = grey(images, rows);
  const View out = x.write();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Rng rng{.seed = 0, .stream = stream, .counter = static_cast<std::uint64_t>(rows[i]) * blocks};
    const Tensor u = uniform({size}, rng);
    Real* row = out.data + static_cast<std::int64_t>(i) * size;
    for (std::int64_t j = 0; j < size; ++j) row[j] = u.view().data[j] < row[j] ? Real(1) : Real(0);
  }
  return x;
}

Minibatch training_batch(const Images& images, std::span<const std::int64_t> rows, Binarize binarize, Rng& rng) {
  if (binarize == Binarize::statically) return {drawn_once(images, rows, stream::kTrainBits)};
  const Tensor x = grey(images, rows);
  return {binarize == Binarize::dynamically ? uniform(x.shape(), rng) < x : x};
}

Minibatch test_batch(const Images& images, std::span<const std::int64_t> rows, Binarize binarize) {
  return {binarize == Binarize::none ? grey(images, rows) : drawn_once(images, rows, stream::kTestBits)};
}

}  // namespace GRADUS

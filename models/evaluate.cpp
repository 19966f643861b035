#include "models/evaluate.h"

#include <algorithm>
#include <numeric>

#include "models/streams.h"

namespace GRADUS {

PixelBits test_bits(Binarize binarize) { return {binarize != Binarize::none, stream::kTestBits}; }

Tensor batch_of(const Images& images, std::span<const std::int64_t> rows, const PixelBits& bits) {
  const std::int64_t size = images.pixels_per_image();
  Tensor x({static_cast<std::int64_t>(rows.size()), size});
  const View out = x.write();
  fill_batch(images, rows, out);
  if (!bits.drawn) return x;
  const std::uint64_t blocks = static_cast<std::uint64_t>(size);  // at least what one image draws
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Rng rng{.seed = 0, .stream = bits.stream, .counter = static_cast<std::uint64_t>(rows[i]) * blocks};
    const Tensor u = uniform({size}, rng);
    Real* row = out.data + static_cast<std::int64_t>(i) * size;
    for (std::int64_t j = 0; j < size; ++j) row[j] = u.view().data[j] < row[j] ? Real(1) : Real(0);
  }
  return x;
}

std::int64_t images_at_once(const Config& config) {
  constexpr std::int64_t kMost = 500;
  constexpr double kNumbers = 1 << 24;
  return kMost * numbers_per_image(config.vae) <= kNumbers ? kMost : std::min(kMost, config.batch_size);
}

Evaluation evaluate(const Vae& vae, const Images& images, const PixelBits& bits, std::int64_t batch_size) {
  check(images.count > 0, "[evaluate] there are no images");
  check(batch_size > 0, "[evaluate] a batch cannot have {} images", batch_size);
  const Pause no_derivatives;
  constexpr std::int64_t kDrawn = 500;  // images whose noise is drawn at once, however they fall into batches
  Evaluation total;
  Rng rng{.seed = 0, .stream = stream::kTest};
  std::vector<std::int64_t> rows;
  for (std::int64_t drawn = 0; drawn < images.count; drawn += kDrawn) {
    const std::int64_t drawn_end = std::min(drawn + kDrawn, images.count);
    const Tensor noise = normal({drawn_end - drawn, vae.latent}, rng);
    for (std::int64_t begin = drawn; begin < drawn_end; begin += batch_size) {
      const std::int64_t end = std::min(begin + batch_size, drawn_end);
      rows.resize(end - begin);
      std::iota(rows.begin(), rows.end(), begin);
      const Elbo parts = elbo(vae, batch_of(images, rows, bits), slice(noise, 0, begin - drawn, end - drawn));
      for (const Real v : parts.log_likelihood.values()) total.log_likelihood += v;
      for (const Real v : parts.kl.values()) total.kl += v;
    }
  }
  total.log_likelihood /= static_cast<double>(images.count);
  total.kl /= static_cast<double>(images.count);
  return total;
}

}  // namespace GRADUS

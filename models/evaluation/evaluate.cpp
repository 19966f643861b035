#include "models/evaluation/evaluate.h"

#include <algorithm>

#include "models/model.h"
#include "models/training/streams.h"

namespace GRADUS {

constexpr std::int64_t kMost = 500;  // samples at once

std::int64_t samples_at_once(const Vae& vae) {
  constexpr std::int64_t kNumbers = 1 << 24;  // 64 MB in float
  return std::clamp<std::int64_t>(kNumbers / numbers_per_sample(vae), 1, kMost);
}

std::int64_t images_at_once(const Vae& vae, std::int64_t batch_size) {
  return samples_at_once(vae) == kMost ? kMost : std::min(kMost, batch_size);
}

Evaluation evaluate(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once) {
  check(images.count > 0, "[evaluate] there are no images");
  check(at_once > 0, "[evaluate] a batch cannot have {} images", at_once);
  const Pause no_derivatives;
  Evaluation total;
  double kl = 0;
  std::vector<double> counts;  // the latent's
  Rng noise{.seed = 0, .stream = stream::kTest};
  Context context{.training = false, .rng = noise};
  for (std::int64_t begin = 0; begin < images.count; begin += at_once) {
    const auto rows = rows_between(begin, std::min(begin + at_once, images.count));
    const Minibatch batch = test_batch(images, rows, shown);
    const Bound parts = bound(vae, batch, {}, context);
    vae.latent.tally(batch, counts, context);
    for (const Real v : parts.log_likelihood.values()) total.log_likelihood += v;
    for (const Real v : parts.total_kl().values()) kl += v;
    if (parts.kl) total.kl = kl;
  }
  total.log_likelihood /= static_cast<double>(images.count);
  if (total.kl) *total.kl /= static_cast<double>(images.count);
  total.figures = vae.latent.figures(counts);
  return total;
}

}  // namespace GRADUS

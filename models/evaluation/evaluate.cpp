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
  return samples_at_once(vae) == kMost ? kMost : std::min(kMost, (batch_size + 3) / 4 * 4);
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
  const double n = static_cast<double>(images.count);
  for_each_test_batch(images, shown, images.count, at_once, [&](const Minibatch& batch) {
    const Bound parts = bound(vae, batch, {}, context);
    vae.latent.tally(batch, counts, context);
    for (const Real v : parts.log_likelihood.values()) {
      total.log_likelihood += v;
      total.each_log_likelihood.push_back(v);
    }
    for (const Real v : parts.total_kl().values()) {
      kl += v;
      if (parts.kl) total.each_kl.push_back(v);
    }
    if (!parts.kl) return;
    total.kl = kl;
    const std::int64_t dimensions = parts.kl->extent(-1);
    total.kl_by_dimension.resize(dimensions);
    std::int64_t at = 0;
    for (const Real v : parts.kl->values()) total.kl_by_dimension[at++ % dimensions] += static_cast<double>(v) / n;
  });
  total.log_likelihood /= n;
  if (total.kl) *total.kl /= n;
  total.figures = vae.latent.figures(counts);
  return total;
}

std::vector<double> squared_errors(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once) {
  const Pause no_derivatives;
  Rng unused;
  Context context{.training = false, .rng = unused};
  std::vector<double> errors;
  for_each_test_batch(images, shown, images.count, at_once, [&](const Minibatch& batch) {
    const Tensor off = vae.decoder.mean(vae.latent.code(batch, context), batch.condition, context) - batch.x;
    for (const Real v : mean(off * off, -1).values()) errors.push_back(v);
  });
  return errors;
}

}  // namespace GRADUS

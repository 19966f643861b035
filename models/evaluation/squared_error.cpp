#include "models/evaluation/squared_error.h"

#include "autograd/tape.h"
#include "models/training/streams.h"

namespace GRADUS {

SquaredError squared_error(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once) {
  check(images.count > 0, "[squared_error] there are no images");
  const Pause no_derivatives;
  Rng noise{.seed = 0, .stream = stream::kTest};
  Context context{.training = false, .rng = noise};
  SquaredError total;
  for_each_test_batch(images, shown, images.count, at_once, [&](const Minibatch& batch) {
    const Draw q = vae.latent.draw(batch, 1, {}, context);
    const Tensor mean = vae.decoder.mean(reshape(q.z, q.z.shape().without(0)), batch.condition, context);
    const Tensor off = batch.x - mean;
    for (const double e : sum(off * off, {1}).values()) total.per_pixel += e;
    if (q.penalty)
      for (const double p : q.penalty->values()) total.penalty += p;
    if (q.kl)
      for (const double kl : q.kl->values()) total.kl += kl;
  });
  const auto N = static_cast<double>(images.count);
  return {.per_pixel = total.per_pixel / N / static_cast<double>(images.pixels_per_image()),
          .penalty = total.penalty / N,
          .kl = total.kl / N};
}

}  // namespace GRADUS

#include "models/cli/verbs/vary.h"

#include "autograd/ops.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/training/streams.h"

namespace GRADUS {

void VaryVerb::operator()(const Call&) const {
  if (image.empty()) throw UsageError("vae vary needs --image");
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  refuse_discrete("vary", config);
  if (config.model.pricing() == Pricing::none)
    throw UsageError(
        fmt::format("vary has no meaning with --code {}: an image has one code, and no q(z|x) to draw from",
                    config.model.code.name()));
  label.check(config, false);
  const auto file = gallery.file(opened, "variations");
  const std::int64_t columns = std::min<std::int64_t>(count + 1, 10);
  check_gallery(file, config, count + 1, columns);
  const Minibatch one = NamedImages(config, data, label)(image, "--image");
  Rng rng{.seed = seed, .stream = stream::kPrior};
  Context context{.training = false, .rng = rng};
  const Tensor code = vae.latent.code(one, context);                            // (1, Z)
  const Tensor draws = vae.latent.draw(one, count, {Price::exact}, context).z;  // (count, 1, Z)
  const Tensor codes = code + (reshape(draws, {count, code.extent(-1)}) - code) * static_cast<Real>(spread);
  std::optional<Tensor> condition;
  if (one.condition) condition = broadcast_to(*one.condition, {count, one.condition->extent(-1)});
  Gallery shown{.images = one.x.values(), .columns = columns};
  const std::vector<Real> images = decoded(vae, codes, condition, images_at_once(vae, config.batch_size));
  shown.images.insert(shown.images.end(), images.begin(), images.end());
  write_gallery(file, config, shown);
  tell(fmt::format("the image and {} variations", count), file);
}

}  // namespace GRADUS

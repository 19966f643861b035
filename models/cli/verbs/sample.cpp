#include "models/cli/verbs/sample.h"

#include "models/cli/print.h"
#include "models/evaluation/aggregate_fit.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/training/streams.h"

namespace GRADUS {

void SampleVerb::operator()(const Call&) const {
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  const char* code = config.model.code.name();
  if (temperature != 1 && !vae.latent.tempers())
    throw UsageError(fmt::format("--temperature has no meaning with --code {}: its codes are chosen from a set", code));
  if (from_aggregate) refuse_discrete("--from-aggregate", config);
  label.check(config, false);
  const auto file = gallery.file(opened, fmt::format("samples-{}", seed));
  const std::int64_t columns = sample_columns(count, config, label.label),
                     at_once = images_at_once(vae, config.batch_size);
  check_gallery(file, config, count, columns);  // before they are drawn
  const auto condition = condition_of_samples(config.model.condition, label.label, count, columns);
  Rng rng{.seed = seed, .stream = stream::kPrior};
  std::string from = sampled_from(config.model.code) ? sampled_from(config.model.code) : "";
  Tensor codes;
  if (from_aggregate) {
    const Images images = OtherData{}.images(config, Split::train, false);
    if (images.count < components)
      throw UsageError(
          fmt::format("--components must be {} at most, for there are no more training images", images.count));
    Rng fit{.seed = 0, .stream = stream::kFit};
    const GaussianMixture mixture = fit_mixture(aggregate(vae, images, config.shown(), at_once, fit), components, fit);
    codes = mixture.draw(count, rng, static_cast<Real>(temperature));
    from = fmt::format("a mixture of {} Gaussians fitted to codes of the {} training images", components, images.count);
  } else {
    codes = vae.latent.prior(count, rng, static_cast<Real>(temperature));
  }
  write_gallery(file, config, {.images = decoded(vae, codes, condition, at_once), .columns = columns});
  tell(fmt::format("{} new images", count), file);
  if (!from.empty()) print(fmt::format("their codes are drawn from {}\n", from));
}

}  // namespace GRADUS

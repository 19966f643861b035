#include "models/cli/verbs/interpolate.h"

#include "autograd/ops.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"

namespace GRADUS {

void InterpolateVerb::operator()(const Call&) const {
  if (from.empty() || to.empty()) throw UsageError("vae interpolate needs --from and --to");
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  refuse_discrete("interpolate", config);
  label.check(config, false);
  const auto file = gallery.file(opened, "interpolation");
  check_gallery(file, config, steps, steps);
  NamedImages named(config, data, label);
  const Minibatch first = named(from, "--from"), last = named(to, "--to");
  Rng unused;
  Context context{.training = false, .rng = unused};
  const auto row = [](const Tensor& x) { return reshape(x, {x.numel()}); };
  const Tensor codes =
      path_between(row(vae.latent.code(first, context)), row(vae.latent.code(last, context)), steps, path);
  std::optional<Tensor> condition;  // goes straight from one to the other as well
  if (first.condition) condition = path_between(row(*first.condition), row(*last.condition), steps, Path::line);
  write_gallery(file, config,
                {.images = decoded(vae, codes, condition, images_at_once(vae, config.batch_size)), .columns = steps});
  tell(fmt::format("{} images on the way from {} to {}", steps, from, to), file);
}

}  // namespace GRADUS

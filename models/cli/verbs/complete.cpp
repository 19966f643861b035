#include "models/cli/verbs/complete.h"

#include <fmt/ranges.h>

#include "autograd/ops.h"
#include "models/data/one_picture.h"
#include "models/data/pictures.h"
#include "models/evaluation/completion.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/training/streams.h"
#include "nn/files/quote.h"

namespace GRADUS {

/// 1 where the image is seen, 0 where it is missing: (1, D).
static Tensor seen_by(const std::string& mask, const SampleShape& shape) {
  const auto& [channels, height, width] = shape;
  std::optional<Images> picture;
  constexpr std::string_view kNames[] = {"top", "bottom", "left", "right"};
  if (std::ranges::find(kNames, mask) == std::end(kNames)) {
    if (!is_picture_name(mask))
      throw UsageError(
          fmt::format("--mask must be top, bottom, left or right, or a .png or .jpg file, not {}", quote(mask)));
    picture = one_picture(mask, {1, height, width});
  }
  Tensor seen({1, shape.numel()});
  Real* out = seen.write().data;
  std::int64_t missing = 0;
  for (std::int64_t at = 0; at < shape.numel(); ++at) {
    const std::int64_t y = at / width % height, x = at % width;
    const bool gone = picture            ? picture->pixels[y * width + x] >= 128
                      : mask == "top"    ? 2 * y < height
                      : mask == "bottom" ? 2 * y >= height
                      : mask == "left"   ? 2 * x < width
                                         : 2 * x >= width;
    missing += gone;
    out[at] = gone ? 0 : 1;
  }
  if (missing == 0)
    throw UsageError(fmt::format("--mask {} leaves nothing to be completed: none of it is white", quote(mask)));
  if (missing == shape.numel())
    throw UsageError(fmt::format("--mask {} leaves nothing to be seen: all of it is white", quote(mask)));
  return seen;
}

void CompleteVerb::operator()(const Call&) const {
  if (mask.empty()) throw UsageError("vae complete needs --mask");
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  refuse_discrete("complete", config);
  if (config.units.is_table()) throw UsageError("complete is for images, and this model was trained on a table");
  label.check(config, false);
  const auto file = gallery.file(opened, "completions");
  const std::int64_t columns = std::min<std::int64_t>(count + 2, 10);
  check_gallery(file, config, count + 2, columns);
  const Tensor seen = seen_by(mask, config.sample);  // (1, D)
  const Minibatch one = NamedImages(config, data, label)(image, "IMAGE");
  Rng rng{.seed = seed, .stream = stream::kPrior};
  const auto [codes, log_likelihood] = complete(vae, one, seen, count, steps, rng);
  std::optional<Tensor> condition;
  if (one.condition) condition = broadcast_to(*one.condition, {count, one.condition->extent(-1)});
  const std::vector<Real> made = decoded(vae, codes, condition, images_at_once(vae, config.batch_size));
  const std::vector<Real> image = one.x.values(), is_seen = seen.values();
  Gallery shown{.images = image, .columns = columns};
  for (std::size_t i = 0; i < image.size(); ++i) shown.images.push_back(is_seen[i] > 0 ? image[i] : Real(0.5));
  for (std::size_t i = 0; i < made.size(); ++i) {
    const std::size_t place = i % image.size();
    shown.images.push_back(is_seen[place] > 0 ? image[place] : made[i]);
  }
  write_gallery(file, config, shown);
  tell(fmt::format("the image, what is seen of it, and {} completions, the likeliest first", count), file);
}

}  // namespace GRADUS

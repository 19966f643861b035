#include "models/cli/verbs/decode.h"

#include "models/evaluation/code_files.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"

namespace GRADUS {

void DecodeVerb::operator()(const Call&) const {
  check_ending("CODES", codes, {".npy", ".csv"});
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  label.check(config, false);
  const auto file = gallery.file(opened, "decoded");
  Rng unused;
  const auto [read, labels] = read_codes(codes, vae.latent.prior(1, unused).extent(-1));
  const std::int64_t count = read.shape()[0];
  std::optional<Tensor> condition = label.condition(config, count);
  if (const std::int64_t classes = condition_size(config.model.condition); classes > 0 && !condition) {
    if (labels.values.empty()) label.check(config, true);
    condition = one_hot(labels, classes);
  }
  const std::int64_t columns = count <= 100 ? 10 : 20;
  check_gallery(file, config, count, columns);
  write_gallery(file, config,
                {.images = decoded(vae, read, condition, images_at_once(vae, config.batch_size)), .columns = columns});
  tell(fmt::format("{} images of codes", count), file);
}

}  // namespace GRADUS

#include "models/cli/verbs/manifold.h"

#include <algorithm>

#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/principal.h"

namespace GRADUS {

/// So many even quantiles of the numbers, from 0.05 to 0.95; of one the median.
static std::vector<double> quantiles(std::vector<double> numbers, std::int64_t count) {
  std::ranges::sort(numbers);
  std::vector<double> found;
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = count == 1 ? 0.5 : 0.05 + 0.9 * static_cast<double>(i) / static_cast<double>(count - 1);
    const double place = share * static_cast<double>(numbers.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const double above = numbers[std::min(below + 1, numbers.size() - 1)];
    found.push_back(numbers[below] + (place - static_cast<double>(below)) * (above - numbers[below]));
  }
  return found;
}

void ManifoldVerb::operator()(const Call&) const {
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  refuse_discrete("manifold", config);
  label.check(config, true);
  if (config.model.latent < 2) throw UsageError("manifold has no meaning with --latent 1: its codes lie on a line");
  const auto file = gallery.file(opened, "manifold");
  check_gallery(file, config, count * count, count);
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  const Tensor codes = encoded(vae, data.images(config), config.shown(), at_once).codes;
  const Plane plane = plane_of(codes);
  std::vector<double> across, up;
  for (const auto& [x, y] : plane.coordinates(codes)) across.push_back(x), up.push_back(y);
  across = quantiles(std::move(across), count);
  up = quantiles(std::move(up), count);
  std::vector<std::array<double, 2>> places;
  for (std::int64_t row = count; row-- > 0;)  // from the top down
    for (const double x : across) places.push_back({x, up[row]});
  write_gallery(
      file, config,
      {.images = decoded(vae, plane.codes(places), label.condition(config, count * count), at_once), .columns = count});
  tell(fmt::format(
           "{0} x {0} images of the plane of {1}", count,
           config.model.latent == 2
               ? "both dimensions"
               : fmt::format("the two principal axes, {:.0f} % of the variance of the codes", 100 * plane.share)),
       file);
}

}  // namespace GRADUS

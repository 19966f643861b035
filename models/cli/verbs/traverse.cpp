#include "models/cli/verbs/traverse.h"

#include <algorithm>
#include <numeric>

#include "autograd/ops.h"
#include "models/evaluation/active_units.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"

namespace GRADUS {

void TraverseVerb::operator()(const Call&) const {
  gallery.check();
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  refuse_discrete("traverse", config);
  label.check(config, image.empty());
  const auto file = gallery.file(opened, "dimensions");
  NamedImages named(config, data, label);
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  const Encoded all = encoded(vae, named.all(), config.shown(), at_once);
  const std::int64_t Z = all.codes.shape()[1], rows = std::min(count, Z);
  check_gallery(file, config, rows * steps, steps);
  const Spread codes = spread_of(all.codes), prior = prior_spread(vae.latent);
  std::vector<Real> start(prior.mean.begin(), prior.mean.end());
  std::optional<Tensor> condition = label.condition(config, rows * steps);
  if (!image.empty()) {
    Rng unused;
    Context context{.training = false, .rng = unused};
    const Minibatch one = named(image, "--image");
    start = vae.latent.code(one, context).values();
    if (one.condition) condition = broadcast_to(*one.condition, {rows * steps, one.condition->extent(-1)});
  }

  std::vector<std::int64_t> order(Z);
  std::iota(order.begin(), order.end(), 0);
  const std::vector<double>& weight = all.kl.empty() ? codes.deviation : all.kl;
  std::ranges::stable_sort(order, std::greater(), [&](std::int64_t z) { return weight[z]; });
  Gallery shown{.columns = steps};
  Tensor changed({rows * steps, Z});
  Real* out = changed.write().data;
  for (const std::int64_t dimension : std::span(order).first(rows)) {
    const bool dead = !(codes.deviation[dimension] * codes.deviation[dimension] > ActiveUnits::kLeast);
    shown.rows.push_back({fmt::format("z{} {}", dimension,
                                      dead             ? "dead"
                                      : all.kl.empty() ? fmt::format("s.d. {:.2f}", weight[dimension])
                                                       : fmt::format("{:.2f} nats", weight[dimension])),
                          dead});
    for (std::int64_t step = 0; step < steps; ++step) {
      const double t = 2 * static_cast<double>(step) / static_cast<double>(steps - 1) - 1;
      Real* code = std::exchange(out, std::copy(start.begin(), start.end(), out));
      code[dimension] = static_cast<Real>(prior.mean[dimension] + t * range * prior.deviation[dimension]);
    }
  }
  shown.images = decoded(vae, changed, condition, at_once);
  write_gallery(file, config, shown);
  tell(fmt::format("{} of {} dimensions, by {}", rows, Z,
                   all.kl.empty() ? "how much codes vary" : "their KL divergence"),
       file);
}

}  // namespace GRADUS

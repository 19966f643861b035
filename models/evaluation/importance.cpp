#include "models/evaluation/importance.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/tape.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/weights.h"
#include "models/training/streams.h"
#include "tensor/parallel.h"

namespace GRADUS {

// Draws at once, so few that what a decoder makes of them stays in a cache. A multiple of four, for the generator gives
// numbers by fours: the draws are the same for any such number.
constexpr std::int64_t kDrawsAtOnce = 128;
constexpr std::int64_t kImagesAtOnce = 64;  // between two words on how far it is

/// log w of an image's draws.
static std::vector<double> log_weights(const Vae& vae, const Minibatch& image, std::int64_t draws, std::int64_t at_once,
                                       Context& context) {
  std::vector<double> all;
  all.reserve(draws);
  for (std::int64_t begin = 0; begin < draws; begin += at_once) {
    const Draw q = vae.latent.draw(image, std::min(at_once, draws - begin), {Price::drawn}, context);
    check(q.kl.has_value(), "[importance] an autoencoder has no q(z|x), and therefore no bound");
    const Tensor log_w = vae.decoder.log_likelihood(image, q.z, context) - gradus::sum(*q.kl, -1);  // (K, 1)
    for (const Real w : log_w.values()) all.push_back(static_cast<double>(w));
  }
  return all;
}

double Importance::last_gain() const {
  return curve.size() < 2 ? 0 : curve.back().log_likelihood - curve[curve.size() - 2].log_likelihood;
}

Importance importance(const Vae& vae, const Images& images, const Shown& shown, std::int64_t draws,
                      const std::function<void(std::int64_t done)>& progress) {
  check(images.count > 0, "[importance] there are no images");
  check(draws > 0, "[importance] it takes draws, not {} of them", draws);
  const Pause no_derivatives;
  const std::int64_t at_once = std::clamp<std::int64_t>(samples_at_once(vae) / 4 * 4, 4, kDrawsAtOnce);
  Importance found{.draws = draws, .each = std::vector<double>(images.count)};
  found.each_effective.resize(images.count);
  std::vector<std::vector<double>> bounds(images.count);
  for (std::int64_t begin = 0; begin < images.count; begin += kImagesAtOnce) {
    const std::int64_t end = std::min(begin + kImagesAtOnce, images.count);
    parallel_for(end - begin, [&](std::int64_t chunk) {
      const std::int64_t i = begin + chunk;
      Rng rng{.seed = 0, .stream = stream::kImportance, .counter = static_cast<std::uint64_t>(i) << 40};
      Context context{.training = false, .rng = rng};
      const auto log_w = log_weights(vae, test_batch(images, std::array{i}, shown), draws, at_once, context);
      bounds[i] = bounds_by_draws(log_w);
      found.each[i] = bounds[i].back();
      found.each_effective[i] = effective_sample_size(log_w);
    });
    progress(end);
  }
  const double n = static_cast<double>(images.count);
  for (const std::int64_t K : halvings(draws)) found.curve.push_back({K, 0});
  double squares = 0;
  for (std::int64_t i = 0; i < images.count; ++i) {
    for (std::size_t k = 0; k < found.curve.size(); ++k) found.curve[k].log_likelihood += bounds[i][k] / n;
    found.effective_draws += found.each_effective[i] / n;
  }
  found.log_likelihood = found.curve.back().log_likelihood;
  for (const double log_p : found.each) squares += (log_p - found.log_likelihood) * (log_p - found.log_likelihood);
  found.standard_error = std::sqrt(squares / std::max(n - 1, 1.0) / n);
  return found;
}

}  // namespace GRADUS

#include "models/evaluation/importance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "autograd/tape.h"
#include "models/evaluation/evaluate.h"
#include "models/training/streams.h"

namespace GRADUS {

/// log 1/K Σ w of one image, by so many draws at a time.
static double log_mean_weight(const Vae& vae, const Minibatch& image, std::int64_t draws, std::int64_t at_once,
                              Context& context) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;  // Σ w = sum·e^largest
  for (std::int64_t begin = 0; begin < draws; begin += at_once) {
    const Draw q = vae.latent.draw(image, std::min(at_once, draws - begin), {Price::drawn}, context);
    check(q.kl.has_value(), "[importance] an autoencoder has no q(z|x), and therefore no bound");
    const Tensor log_w = vae.decoder.log_likelihood(image, q.z, context) - gradus::sum(*q.kl, -1);  // (K, 1)
    for (const Real log : log_w.values()) {
      const double w = static_cast<double>(log);
      sum = w > largest ? sum * std::exp(largest - w) + 1 : sum + std::exp(w - largest);
      largest = std::max(largest, w);
    }
  }
  return largest + std::log(sum / static_cast<double>(draws));
}

Importance importance(const Vae& vae, const Images& images, const Shown& shown, std::int64_t draws,
                      const std::function<void(std::int64_t done)>& progress) {
  check(images.count > 0, "[importance] there are no images");
  check(draws > 0, "[importance] it takes draws, not {} of them", draws);
  const Pause no_derivatives;
  const std::int64_t at_once = samples_at_once(vae);
  double sum = 0, squares = 0;
  std::vector<double> each;
  for (std::int64_t i = 0; i < images.count; ++i) {
    Rng rng{.seed = 0, .stream = stream::kImportance, .counter = static_cast<std::uint64_t>(i) << 40};
    Context context{.training = false, .rng = rng};
    const double log_p = log_mean_weight(vae, test_batch(images, std::array{i}, shown), draws, at_once, context);
    each.push_back(log_p);
    sum += log_p;
    squares += log_p * log_p;
    progress(i + 1);
  }
  const double n = static_cast<double>(images.count), mean = sum / n;
  const double variance = std::max(squares / n - mean * mean, 0.0);
  return {mean, std::sqrt(variance / std::max(n - 1, 1.0)), std::move(each)};
}

}  // namespace GRADUS

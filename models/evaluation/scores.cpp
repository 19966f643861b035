#include "models/evaluation/scores.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "models/training/streams.h"

namespace GRADUS {

std::vector<double> most_of_bernoulli(const Tensor& x) {
  const std::vector<Real> pixels = x.values();
  std::vector<double> most(x.shape()[0]);
  const auto share = [](double p) { return p > 0 ? p * std::log(p) : 0; };
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double p = std::clamp(static_cast<double>(pixels[i]), 0.0, 1.0);
    most[i / static_cast<std::size_t>(x.shape()[1])] += share(p) + share(1 - p);
  }
  return most;
}

std::vector<double> typicality(std::span<const double> scores, double mean) {
  std::vector<double> away;
  for (const double score : scores) away.push_back(std::abs(score - mean));
  return away;
}

ImageScores image_scores(const Vae& vae, const Images& images, const Shown& shown, bool subtract,
                         std::int64_t at_once) {
  check(images.count > 0, "[scores] there are no images");
  const Pause no_derivatives;
  const bool pixels = images.numbers.empty();
  ImageScores all;
  const auto put = [](std::vector<double>& to, const std::vector<Real>& values) {
    to.insert(to.end(), values.begin(), values.end());
  };
  Rng noise{.seed = 0, .stream = stream::kTest};
  Context context{.training = false, .rng = noise};
  for (std::int64_t begin = 0; begin < images.count; begin += at_once) {
    const Minibatch batch = test_batch(images, rows_between(begin, std::min(begin + at_once, images.count)), shown);
    const Bound parts = bound(vae, batch, {}, context);
    put(all.log_likelihood, parts.log_likelihood.values());
    if (parts.kl) put(all.kl, parts.total_kl().values());
    put(all.ink, mean(pixels ? batch.x : batch.x * batch.x, -1).values());
    if (!subtract) continue;
    for (const double most : most_of_bernoulli(batch.x)) all.most.push_back(most);
  }
  for (std::size_t i = 0; i < all.most.size(); ++i) all.log_likelihood[i] -= all.most[i];
  for (std::size_t i = 0; i < all.kl.size(); ++i) all.elbo.push_back(all.log_likelihood[i] - all.kl[i]);
  return all;
}

}  // namespace GRADUS

#include "models/evaluation/scores.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "models/evaluation/evaluate.h"

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
  Evaluation evaluation = evaluate(vae, images, shown, at_once);
  ImageScores all;
  all.log_likelihood = std::move(evaluation.each_log_likelihood);
  all.kl = std::move(evaluation.each_kl);
  const Pause no_derivatives;
  const bool pixels = images.numbers.empty();
  for_each_test_batch(images, shown, images.count, at_once, [&](const Minibatch& batch) {
    for (const Real ink : mean(pixels ? batch.x : batch.x * batch.x, -1).values()) all.ink.push_back(ink);
    if (!subtract) return;
    for (const double most : most_of_bernoulli(batch.x)) all.most.push_back(most);
  });
  for (std::size_t i = 0; i < all.most.size(); ++i) all.log_likelihood[i] -= all.most[i];
  for (std::size_t i = 0; i < all.kl.size(); ++i) all.elbo.push_back(all.log_likelihood[i] - all.kl[i]);
  return all;
}

}  // namespace GRADUS

// The importance-sampled estimate of log p(x): a bound that tightens as draws are added. Burda, Grosse, Salakhutdinov
// 2015; Rezende, Mohamed, Wierstra 2014.
//
//   log p(x) ≥ E log 1/K Σ w    w = p(x|z)·p(z)/q(z|x), z drawn from q(z|x)
#pragma once

#include <functional>

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

struct Importance {
  std::int64_t draws = 0;      // K
  double log_likelihood = 0;   // nats, the mean over the images
  double standard_error = 0;   // of that mean, over the images
  double effective_draws = 0;  // effective sample size, the mean over the images
  struct Point {
    std::int64_t draws;
    double log_likelihood;
  };
  std::vector<Point> curve{};  // the same by fewer of the same draws, up to all of them: weights.h

  std::vector<double> each{}, each_effective{};  // of every image

  /// What the last doubling of the draws added; 0 by one draw.
  double last_gain() const;
  /// Whether more draws would go on raising it: the last doubling added more than kSettled nats.
  bool still_rises() const { return last_gain() > kSettled; }
  static constexpr double kSettled = 0.05;
};

/// The estimate by `draws` draws for each image. An image's draws come from a place in the stream that is its own, so
/// that nothing depends on which others there are; images are shared out among the threads. `progress` is called now and
/// then with how many are done. Error when there are no images, and for a latent whose draws have no price.
Importance importance(
    const Vae& vae, const Images& images, const Shown& shown, std::int64_t draws,
    const std::function<void(std::int64_t done)>& progress = [](std::int64_t) {});

}  // namespace GRADUS

// The importance-sampled estimate of log p(x): a bound that tightens as draws are added. Burda, Grosse, Salakhutdinov
// 2015; Rezende, Mohamed, Wierstra 2014.
//
//   log p(x) ≥ E log 1/K Σ w    w = p(x|z)·p(z)/q(z|x), z drawn from q(z|x)
#pragma once

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

struct Importance {
  double log_likelihood = 0;  // nats, the mean over the images
  double standard_error = 0;  // of that mean, over the images
  std::vector<double> each;   // of each image
};

/// The estimate by `draws` draws for each image. An image's draws come from a place in the stream that is its own, so
/// that nothing depends on how many are computed at once. `progress` is called after every image with how many are done.
/// Error when there are no images, and for a latent whose draws have no price.
Importance importance(const Vae& vae, const Images& images, const Shown& shown, std::int64_t draws,
                      const std::function<void(std::int64_t done)>& progress);

}  // namespace GRADUS

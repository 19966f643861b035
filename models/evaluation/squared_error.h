// The mean squared error per pixel, by which textbooks measure autoencoders, and what they add to it.
#pragma once

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

/// Means over the images.
struct SquaredError {
  double per_pixel = 0;  // of the mean of p(x|z), at one draw of z from the stream that evaluation draws from
  double penalty = 0;    // of the latent, nats per image
  double kl = 0;         // nats per image; 0 of an autoencoder
};

/// Of all images, so many at once; a penalty that looks at a whole batch depends on how many. Error when there are none.
SquaredError squared_error(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once);

}  // namespace GRADUS

// What a VAE is made from: the choices that the command line offers and config.json keeps.
#pragma once

#include "nn/activation.h"
#include "nn/init.h"
#include "tensor/conv.h"

namespace GRADUS {

/// How the encoder speaks of the spread: log σ², or σ itself through a softplus.
enum class Head { log_variance, sigma };
/// p(x|z): a Bernoulli per pixel, or a Gaussian of variance 1 around the decoder's output.
enum class Likelihood { bernoulli, gaussian };
/// All layers dense; or images to features by convolutions, and back (models/conv_vae.h), around the dense ones.
enum class Network { dense, convolutional };
/// Channels of the convolutional network at half and at a quarter of the image's size.
inline constexpr std::int64_t kFewChannels = 32, kManyChannels = 64;

struct VaeSettings {
  Pair image = 28;  // height and width in pixels
  Network network = Network::dense;
  std::vector<std::int64_t> hidden = {500, 500};  // of the encoder; the decoder's are the same backwards
  std::int64_t latent = 20;
  Activation::Kind activation = Activation::elu;
  Init init = Init::variance_scaling;
  Head head = Head::log_variance;
  Likelihood likelihood = Likelihood::bernoulli;

  /// D, the pixels of an image.
  std::int64_t data() const { return checked_mul(image.h, image.w); }
};

/// The sizes from an image to its latent code and back: "784-500-500-20-500-500-784", or of the convolutional network
/// "1x28x28-32x14x14-64x7x7-256-20-256-64x7x7-32x14x14-1x28x28".
std::string layer_sizes(const VaeSettings& settings);
/// How many numbers an image becomes on its way to its code and back, roughly.
double numbers_per_image(const VaeSettings& settings);
/// How many numbers the model learns. As a double, for it is asked before anyone knows that it is a sensible number.
double parameter_count(const VaeSettings& settings);

}  // namespace GRADUS

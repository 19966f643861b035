// What a VAE is made from: the choices that the command line offers and config.json keeps.
#pragma once

#include "nn/activation.h"
#include "nn/init.h"
#include "tensor/conv.h"

namespace gradus::inline GRADUS_FLAVOUR {

/// How the encoder speaks of the spread: log σ², or σ itself through a softplus.
enum class Head { log_variance, sigma };
/// p(x|z): a Bernoulli per pixel, or a Gaussian of variance 1 around the decoder's output.
enum class Likelihood { bernoulli, gaussian };
/// All layers dense; or images to features by convolutions, and back (models/conv_vae.h), around the dense ones.
enum class Network { dense, convolutional };

struct VaeSettings {
  std::int64_t data = 784;
  Network network = Network::dense;
  Pair image = 28;                                // of the convolutional: h·w = data
  std::vector<std::int64_t> hidden = {500, 500};  // of the encoder; the decoder's are the same backwards
  std::int64_t latent = 20;
  Activation::Kind activation = Activation::elu;
  Init init = Init::variance_scaling;
  Head head = Head::log_variance;
  Likelihood likelihood = Likelihood::bernoulli;
};

}  // namespace gradus::inline GRADUS_FLAVOUR

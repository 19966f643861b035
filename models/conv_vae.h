// The convolutional VAE's ends: images to features before the encoder's dense layers, features to images after the
// decoder's. Everything between and around them is models/vae.h's.
//
//   1 x H x W -> 32 x H/2 x W/2 -> 64 x H/4 x W/4 and back, by 3 x 3 kernels with stride 2
#pragma once

#include "models/vae_settings.h"
#include "nn/conv.h"

namespace GRADUS {

struct ConvEncoder {
  Pair image;
  Conv2d first, second;
  Activation activation;

  /// Error unless the image's sides are multiples of 4.
  ConvEncoder(const Pair& image, Activation activation, Init init, Rng& rng);
  /// (B, H·W) -> (B, features), activated
  Tensor operator()(const Tensor& x) const;

  void members(auto&& visit) {
    visit("image", image);
    visit("0", first);
    visit("1", second);
    visit("activation", activation);
  }
};

struct ConvDecoder {
  Pair image;
  ConvTranspose2d first, second;
  Activation activation;

  ConvDecoder(const Pair& image, Activation activation, Init init, Rng& rng);
  /// (B, features) -> (B, H·W)
  Tensor operator()(const Tensor& features) const;

  void members(auto&& visit) {
    visit("image", image);
    visit("0", first);
    visit("1", second);
    visit("activation", activation);
  }
};

/// Those of the convolutional network; nothing for the dense one.
std::optional<ConvEncoder> conv_encoder(const VaeSettings& settings, Rng& rng);
std::optional<ConvDecoder> conv_decoder(const VaeSettings& settings, Rng& rng);
/// What the dense layers see of an image: its D pixels, or 64·H/4·W/4 features.
std::int64_t feature_count(const VaeSettings& settings);

}  // namespace GRADUS

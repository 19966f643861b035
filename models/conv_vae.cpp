#include "models/conv_vae.h"

namespace GRADUS {

static const ConvSettings kDown{.stride = 2, .padding = 1};
static const ConvSettings kUp{.stride = 2, .padding = 1, .output_padding = 1};

static void check_image(const Pair& image) {
  check(image.h > 0 && image.w > 0 && image.h % 4 == 0 && image.w % 4 == 0,
        "the convolutional model takes images whose height and width are multiples of 4, not {} x {} pixels", image.h,
        image.w);
}

static std::int64_t features_of(const Pair& image) {
  check_image(image);
  return kManyChannels * (image.h / 4) * (image.w / 4);
}

ConvEncoder::ConvEncoder(const Pair& image, Activation activation, Init init, Rng& rng)
    : image(image),
      first(1, kFewChannels, 3, kDown, init, rng),
      second(kFewChannels, kManyChannels, 3, kDown, init, rng),
      activation(activation) {
  check_image(image);
}

Tensor ConvEncoder::operator()(const Tensor& x) const {
  const std::int64_t batch = x.shape()[0];
  Tensor h = reshape(x, {batch, 1, image.h, image.w});
  h = activation(first(h));   // (B, 32, H/2, W/2)
  h = activation(second(h));  // (B, 64, H/4, W/4)
  return reshape(h, {batch, features_of(image)});
}

ConvDecoder::ConvDecoder(const Pair& image, Activation activation, Init init, Rng& rng)
    : image(image),
      first(kManyChannels, kFewChannels, 3, kUp, init, rng),
      second(kFewChannels, 1, 3, kUp, init, rng),
      activation(activation) {
  check_image(image);
}

Tensor ConvDecoder::operator()(const Tensor& features) const {
  const std::int64_t batch = features.shape()[0];
  Tensor h = reshape(features, {batch, kManyChannels, image.h / 4, image.w / 4});
  h = activation(first(h));  // (B, 32, H/2, W/2)
  return reshape(second(h), {batch, image.h * image.w});
}

std::optional<ConvEncoder> conv_encoder(const VaeSettings& s, Rng& rng) {
  if (s.network == Network::dense) return {};
  return ConvEncoder(s.image, Activation{s.activation}, s.init, rng);
}
std::optional<ConvDecoder> conv_decoder(const VaeSettings& s, Rng& rng) {
  if (s.network == Network::dense) return {};
  return ConvDecoder(s.image, Activation{s.activation}, s.init, rng);
}

std::int64_t feature_count(const VaeSettings& s) {
  return s.network == Network::dense ? s.data() : features_of(s.image);
}

}  // namespace GRADUS

#include "models/conv_vae.h"

namespace gradus::inline GRADUS_FLAVOUR {

static constexpr std::int64_t kFew = 32, kMany = 64;  // channels at half and at a quarter of the image's size
static const ConvSettings kDown{.stride = 2, .padding = 1};
static const ConvSettings kUp{.stride = 2, .padding = 1, .output_padding = 1};

std::int64_t feature_count(const Pair& image) {
  check(image.h > 0 && image.w > 0 && image.h % 4 == 0 && image.w % 4 == 0,
        "the convolutional model takes images whose height and width are multiples of 4, not {} x {} pixels", image.h,
        image.w);
  return kMany * (image.h / 4) * (image.w / 4);
}

ConvEncoder::ConvEncoder(const Pair& image, Activation activation, Init init, Rng& rng)
    : image(image), first(1, kFew, 3, kDown, init, rng), second(kFew, kMany, 3, kDown, init, rng),
      activation(activation) {
  feature_count(image);
}

Tensor ConvEncoder::operator()(const Tensor& x) const {
  const std::int64_t batch = x.shape()[0];
  Tensor h = reshape(x, {batch, 1, image.h, image.w});
  h = activation(first(h));   // (B, 32, H/2, W/2)
  h = activation(second(h));  // (B, 64, H/4, W/4)
  return reshape(h, {batch, feature_count(image)});
}

ConvDecoder::ConvDecoder(const Pair& image, Activation activation, Init init, Rng& rng)
    : image(image), first(kMany, kFew, 3, kUp, init, rng), second(kFew, 1, 3, kUp, init, rng),
      activation(activation) {
  feature_count(image);
}

Tensor ConvDecoder::operator()(const Tensor& features) const {
  const std::int64_t batch = features.shape()[0];
  Tensor h = reshape(features, {batch, kMany, image.h / 4, image.w / 4});
  h = activation(first(h));  // (B, 32, H/2, W/2)
  return reshape(second(h), {batch, image.h * image.w});
}

}  // namespace gradus::inline GRADUS_FLAVOUR

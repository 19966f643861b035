// The convolutional network: convolutions with stride 2 from the image to features before the dense layers, and
// transposed ones back to the image after the decoder's.
//
//   1 x H x W -> 32 x H/2 x W/2 -> 64 x H/4 x W/4 and back, by 3 x 3 kernels
#pragma once

#include "models/networks/kind.h"

namespace GRADUS {

struct Conv {
  static constexpr const char* kName = "conv";
  static constexpr const char* kHelp =
      "convolutions, 3 x 3 with stride 2, before the hidden layers, and back after them";
  std::vector<std::int64_t> hidden = {256};
  std::vector<std::int64_t> channels = {32, 64};
  HiddenLayers layers{};

  void settings(auto&& is) {
    is("hidden", hidden, kHiddenWidths, kHiddenHelp);
    is("channels", channels, IntegerList{.each = {1, 4096}, .most = 16, .least = 1}, "of the convolutions, in order");
    layers.settings(is);
  }

  /// Any size of image: where a side is odd, the larger half is kept, and the way back cuts what is too much.
  Network encoder(const NetworkPlan& plan, Rng& rng) const;
  Network decoder(const NetworkPlan& plan, Rng& rng) const;
};

}  // namespace GRADUS

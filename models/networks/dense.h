// The dense network: layers of chosen widths with an activation after each, and their mirror image.
#pragma once

#include "models/networks/kind.h"

namespace GRADUS {

struct Dense {
  static constexpr const char* kName = "dense";
  static constexpr const char* kHelp = "layers of `hidden` units";
  std::vector<std::int64_t> hidden = {500, 500};
  HiddenLayers layers{};

  void settings(auto&& is) {
    is("hidden", hidden, kHiddenWidths, kHiddenHelp);
    layers.settings(is);
  }

  /// (D) -> (features): what the encoder's heads see.
  Network encoder(const NetworkPlan& plan, Rng& rng) const;
  /// (Z) -> (D · numbers), the layers backwards, and "output".
  Network decoder(const NetworkPlan& plan, Rng& rng) const;
};

}  // namespace GRADUS

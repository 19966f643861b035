// What every kind of network is told, and what their dense layers have in common.
#pragma once

#include "models/networks/network.h"
#include "models/settings.h"

namespace GRADUS {

/// What a network is to be made for, whatever its kind.
struct NetworkPlan {
  std::int64_t channels = 1, height = 28, width = 28;  // of the images
  std::int64_t latent = 20;
  std::int64_t condition = 0;  // numbers of a condition; 0: there is none
  std::int64_t numbers = 1;    // that the likelihood takes for each number of x
  Activation::Kind activation = Activation::elu;
  Init init = Init::variance_scaling;

  /// D, the numbers of an image.
  std::int64_t data() const { return checked_mul(channels, checked_mul(height, width)); }
};

inline constexpr IntegerList kHiddenWidths{.each = {1, 65536}, .most = 64};
inline constexpr const char* kHiddenHelp = "widths of the encoder's hidden layers; backwards in the decoder";

/// "hidden.0", "hidden.1", …, each with its activation.
NetworkBuilder& add_hidden(NetworkBuilder& to, const std::vector<std::int64_t>& widths, Activation::Kind activation);

}  // namespace GRADUS

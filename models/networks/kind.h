// What every kind of network is told, and what their hidden layers have in common.
#pragma once

#include "models/networks/network.h"
#include "models/settings.h"

namespace GRADUS {

/// What a network is to be made for, whatever its kind.
struct NetworkPlan {
  std::int64_t channels = 1, height = 28, width = 28;  // of the images
  std::int64_t latent = 20;
  bool by_place = false;  // the code is one of `latent` numbers at each place of the deepest map, if there are maps
  Shape places{};         // which these are, once the encoder is known
  std::int64_t condition = 0;  // numbers of a condition; 0: there is none
  std::int64_t numbers = 1;    // that the likelihood takes for each number of x
  Activation::Kind activation = Activation::elu;
  Init init = Init::variance_scaling;

  /// Numbers of the whole code.
  std::int64_t code_size() const { return checked_mul(latent, places.numel()); }
  /// D, the numbers of an image.
  std::int64_t data() const { return checked_mul(channels, checked_mul(height, width)); }
};

/// How a hidden layer is normalised, before its activation.
///
/// batch: each unit, or channel of a map, over the batch. layer: each sample over all its units, or channels and places.
/// group: the same in as many groups as divide the units or channels, at most 8, of at least 4.
enum class Norm { none, batch, layer, group };

/// What is done to hidden layers beside their activation. Heads and outputs are none, and stay as they are.
struct HiddenLayers {
  Norm norm = Norm::none;
  double dropout = 0;
  bool residual = false;

  void settings(auto&& is) {
    static constexpr Word<Norm> kNorms[] = {
        {"none", Norm::none}, {"batch", Norm::batch}, {"layer", Norm::layer}, {"group", Norm::group}};
    is("norm", norm, kNorms,
       "normalise hidden layers before their activation: over the batch, over a\n"
       "sample's units, or over up to 8 groups of them");
    is("dropout", dropout, RealRange{.min = 0, .max = 1, .below_max = true},
       "share of the hidden units that a training step leaves out");
    is("residual", residual,
       "hidden layers as wide as the one before are added to it; of conv, each convolution is\n"
       "followed (in the decoder, led) by two of stride 1, which are added to what they see");
  }
};

inline constexpr IntegerList kHiddenWidths{.each = {1, 65536}, .most = 64};
inline constexpr const char* kHiddenHelp = "widths of the encoder's hidden layers; backwards in the decoder";

/// What follows a layer of that name: its norm, "hidden.0.norm", the activation and dropout, as far as they are wanted.
NetworkBuilder& finish(NetworkBuilder& to, const std::string& name, const NetworkPlan& plan, const HiddenLayers& with);
/// "hidden.0", "hidden.1", …, each finished. A residual layer as wide as what it sees is added to it.
NetworkBuilder& add_hidden(NetworkBuilder& to, const std::vector<std::int64_t>& widths, const NetworkPlan& plan,
                           const HiddenLayers& with);

}  // namespace GRADUS

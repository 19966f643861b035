#include "models/networks/kind.h"

namespace GRADUS {

NetworkBuilder& add_hidden(NetworkBuilder& to, const std::vector<std::int64_t>& widths, Activation::Kind activation) {
  for (std::size_t i = 0; i < widths.size(); ++i)
    to.linear(fmt::format("hidden.{}", i), widths[i]).activation(activation);
  return to;
}

}  // namespace GRADUS

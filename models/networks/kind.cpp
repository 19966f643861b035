#include "models/networks/kind.h"

namespace GRADUS {

// As many groups as divide the channels, at most 8, of at least 4 each: of one unit alone nothing would be left.
static std::int64_t groups_of(std::int64_t channels) {
  std::int64_t groups = 8;
  while (groups > 1 && (channels % groups != 0 || channels / groups < 4)) --groups;
  return groups;
}

NetworkBuilder& finish(NetworkBuilder& to, const std::string& name, const NetworkPlan& plan, const HiddenLayers& with) {
  const std::int64_t channels = to.at()[0];
  if (with.norm == Norm::batch) to.norm(name + ".norm", BatchNorm(channels));
  if (with.norm == Norm::layer) to.norm(name + ".norm", GroupNorm(1, channels));
  if (with.norm == Norm::group) to.norm(name + ".norm", GroupNorm(groups_of(channels), channels));
  to.activation(plan.activation);
  if (with.dropout > 0) to.dropout(with.dropout);
  return to;
}

NetworkBuilder& add_hidden(NetworkBuilder& to, const std::vector<std::int64_t>& widths, const NetworkPlan& plan,
                           const HiddenLayers& with) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string name = fmt::format("hidden.{}", i);
    const bool added = with.residual && to.at().numel() == widths[i];
    if (added) to.keep();
    finish(to.linear(name, widths[i]), name, plan, with);
    if (added) to.add_kept();
  }
  return to;
}

}  // namespace GRADUS

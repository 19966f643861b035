#include "nn/group_norm.h"

namespace GRADUS {

Tensor GroupNorm::operator()(const Tensor& x) const {
  const std::int64_t channels = weight.numel();
  check(x.rank() >= 2 && x.shape()[1] == channels, "[group_norm] an input of shape {} is not (N, {}, …)", x.shape(),
        channels);
  const std::int64_t samples = x.shape()[0], each = channels / groups;
  std::int64_t positions = 1;  // not numel / (samples · channels): the batch may be empty
  for (int axis = 2; axis < x.rank(); ++axis) positions *= x.shape()[axis];
  if (positions == 0) return x;  // nothing to normalise
  const Tensor grouped = reshape(x, {samples, groups, each, positions});
  const auto in_place = [&](const Tensor& t) { return reshape(t, {groups, each, 1}); };
  const Axes axes{2, 3};
  return reshape(normalize_by_own(grouped, moments(grouped, axes), axes, in_place(weight), in_place(bias), epsilon),
                 x.shape());
}

}  // namespace GRADUS

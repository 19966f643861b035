#include "nn/layer_norm.h"

#include <algorithm>

namespace GRADUS {

Tensor LayerNorm::operator()(const Tensor& x) const {
  const int own = weight.rank(), others = x.rank() - own;
  check(others >= 0 && std::equal(weight.shape().begin(), weight.shape().end(), x.shape().begin() + others),
        "[layer_norm] an input of shape {} does not end in {}", x.shape(), weight.shape());
  std::array<int, kMaxRank> last;
  for (int i = 0; i < own; ++i) last[i] = others + i;
  const Axes axes(std::span<const int>(last.data(), own));
  return normalize_by_own(x, moments(x, axes), axes, weight, bias, epsilon);
}

}  // namespace GRADUS

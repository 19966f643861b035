#include "nn/batch_norm.h"

#include <limits>

namespace GRADUS {

Tensor BatchNorm::operator()(const Tensor& x, Context& context) const {
  const std::int64_t channels = weight.numel();
  check(x.rank() >= 2 && x.shape()[1] == channels, "[batch_norm] an input of shape {} is not (N, {}, …)", x.shape(),
        channels);
  std::array<std::int64_t, kMaxRank> along_channels;  // (1, C, 1, …)
  along_channels.fill(1);
  along_channels[1] = channels;
  const Shape column(std::span(along_channels.data(), x.rank()));
  const auto in_place = [&](const Tensor& each) { return reshape(each, column); };

  if (!context.training || x.numel() == 0)
    return normalize(x, {in_place(running_mean.value), in_place(running_var.value)}, in_place(weight), in_place(bias),
                     epsilon);

  const std::int64_t n = x.numel() / channels;
  check(n > 1, "[batch_norm] training needs more than one number per channel, not an input of shape {}", x.shape());
  std::array<int, kMaxRank> others{0, 2, 3, 4, 5};  // all axes but the channels'
  const Axes axes(std::span<const int>(others.data(), x.rank() - 1));
  const Moments batch = moments(x, axes);
  const auto blend = [&](Buffer& running, const Tensor& now, Real factor) {
    constexpr Real largest = std::numeric_limits<Real>::max();
    const Tensor mixed = running.value * (1 - momentum) + reshape(detach(now), {channels}) * (momentum * factor);
    running.value = detach(clamp(mixed, -largest, largest));  // infinite, it would be so for ever
  };
  blend(running_mean, batch.mean, 1);
  blend(running_var, batch.variance, static_cast<Real>(n) / static_cast<Real>(n - 1));
  return normalize_by_own(x, batch, axes, in_place(weight), in_place(bias), epsilon);
}

}  // namespace GRADUS

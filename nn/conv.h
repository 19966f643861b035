// Conv2d and ConvTranspose2d: convolutions of images (N, C, H, W), and their transposes, with a bias for each channel.
#pragma once

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/module.h"

namespace GRADUS {

namespace detail {
/// Input and output channels of one group. Error unless groups divide both.
inline std::pair<std::int64_t, std::int64_t> channels_of_group(const char* op, std::int64_t in, std::int64_t out,
                                                               std::int64_t groups) {
  check(groups >= 1 && in >= 1 && out >= 1 && in % groups == 0 && out % groups == 0,
        "[{}] {} and {} channels do not divide into {} groups", op, in, out, groups);
  return {in / groups, out / groups};
}
}  // namespace detail

struct Conv2d {
  Tensor weight, bias;  // (out, in/groups, kh, kw), (out)
  ConvSettings settings;

  /// A unit has the fan of its window: in/groups · kh · kw inputs. Error unless groups divide both channels.
  Conv2d(std::int64_t in, std::int64_t out, const Pair& kernel, const ConvSettings& settings, Init init, Rng& rng)
      : settings(settings) {
    const auto [in_group, out_group] = detail::channels_of_group("conv2d", in, out, settings.groups);
    const std::int64_t window = checked_mul(kernel.h, kernel.w), fan_in = checked_mul(in_group, window);
    weight = initial_weight(init, {out, in_group, kernel.h, kernel.w}, fan_in, checked_mul(out_group, window), rng);
    bias = initial_bias(init, out, fan_in, rng);
  }

  /// (N, in, H, W) -> (N, out, h, w), as conv2d says
  Tensor operator()(const Tensor& x) const { return conv2d(x, weight, bias, settings); }

  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
    visit("settings", settings);
  }
};

struct ConvTranspose2d {
  Tensor weight, bias;  // (in, out/groups, kh, kw), (out)
  ConvSettings settings;

  /// As PyTorch counts, the fan-in is out/groups · kh · kw: that of the convolution of which this is the transpose.
  ConvTranspose2d(std::int64_t in, std::int64_t out, const Pair& kernel, const ConvSettings& settings, Init init,
                  Rng& rng)
      : settings(settings) {
    const auto [in_group, out_group] = detail::channels_of_group("conv_transpose2d", in, out, settings.groups);
    const std::int64_t window = checked_mul(kernel.h, kernel.w), fan_in = checked_mul(out_group, window);
    weight = initial_weight(init, {in, out_group, kernel.h, kernel.w}, fan_in, checked_mul(in_group, window), rng);
    bias = initial_bias(init, out, fan_in, rng);
  }

  /// (N, in, h, w) -> (N, out, H, W), as conv_transpose2d says
  Tensor operator()(const Tensor& x) const { return conv_transpose2d(x, weight, bias, settings); }

  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
    visit("settings", settings);
  }
};

}  // namespace GRADUS

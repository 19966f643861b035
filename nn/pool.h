// MaxPool2d, AvgPool2d and Flatten: from images (N, C, H, W) to smaller ones, and to rows of features. Without weights.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace GRADUS {

/// (N, C, H, W) -> (N, C, h, w): the largest of each window, as max_pool2d says.
struct MaxPool2d {
  Pair window;
  PoolSettings settings{};

  Tensor operator()(const Tensor& x) const { return max_pool2d(x, window, settings); }
  void members(auto&& visit) {
    visit("window", window);
    visit("settings", settings);
  }
};

/// (N, C, H, W) -> (N, C, h, w): the mean of each window, as avg_pool2d says.
struct AvgPool2d {
  Pair window;
  PoolSettings settings{};

  Tensor operator()(const Tensor& x) const { return avg_pool2d(x, window, settings); }
  void members(auto&& visit) {
    visit("window", window);
    visit("settings", settings);
  }
};

/// (N, …) -> (N, features): all axes but the first as one.
struct Flatten {
  Tensor operator()(const Tensor& x) const {
    check(x.rank() >= 1, "[flatten] an input of shape () has no batch axis");
    std::int64_t features = 1;
    for (int axis = 1; axis < x.rank(); ++axis) features = checked_mul(features, x.shape()[axis]);
    return reshape(x, {x.shape()[0], features});
  }
  void members(auto&&) {}
};

}  // namespace GRADUS

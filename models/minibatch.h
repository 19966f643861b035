// What a model is shown at once, and what a sample of it looks like.
#pragma once

#include <optional>

#include "tensor/conv.h"
#include "tensor/tensor.h"

namespace GRADUS {

/// What a sample looks like: an image, whose numbers stand in a row by channel, row and column.
struct SampleShape {
  std::int64_t channels = 1, height = 28, width = 28;

  Pair image() const { return {height, width}; }
  std::int64_t numel() const { return checked_mul(channels, checked_mul(height, width)); }
  friend bool operator==(const SampleShape&, const SampleShape&) = default;
};

/// B samples.
struct Minibatch {
  Tensor x;                           // (B, D)
  std::optional<Tensor> condition{};  // (B, C), of a conditional model
};

}  // namespace GRADUS

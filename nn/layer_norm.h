// LayerNorm: each sample brought to mean 0 and variance 1 over its last axes, then scaled and shifted by learnt
// numbers. Ba, Kiros, Hinton 2016.
#pragma once

#include "nn/module.h"
#include "nn/normalize.h"

namespace GRADUS {

struct LayerNorm {
  Tensor weight, bias;        // (D, …): the extents of the last axes
  Real epsilon = Real(1e-5);  // is added to the variance

  /// `shape`: the extents of the last axes, over which is normalised. Error when there is none or one is 0.
  explicit LayerNorm(const Shape& shape) : weight(ones(shape)), bias(zeros(shape)) {
    check(shape.rank() > 0 && shape.numel() > 0, "[layer_norm] there is nothing to normalise over in shape {}", shape);
  }

  /// (…, D, …) -> (…, D, …)
  Tensor operator()(const Tensor& x) const;

  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
    visit("epsilon", epsilon);
  }
};

}  // namespace GRADUS

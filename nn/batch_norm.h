// BatchNorm: each channel brought to mean 0 and variance 1 over the batch, then scaled and shifted by learnt numbers.
// Ioffe, Szegedy 2015.
#pragma once

#include "nn/module.h"
#include "nn/normalize.h"

namespace GRADUS {

struct BatchNorm {
  Tensor weight, bias;                       // (C): the scale and the shift
  mutable Buffer running_mean, running_var;  // (C): what stands for the batch's moments in evaluation
  Real momentum = Real(0.1);                 // how much of a batch goes into them
  Real epsilon = Real(1e-5);                 // is added to the variance

  explicit BatchNorm(std::int64_t channels)
      : weight(ones({channels})),
        bias(zeros({channels})),
        running_mean{zeros({channels})},
        running_var{ones({channels})} {}

  /// (N, C, …) -> (N, C, …). In training by the moments of the batch, which go into the running ones (the variance
  /// times n/(n-1), n numbers to a channel: its unbiased estimate); Error when a channel has only one number. A variance
  /// that no number holds goes in as the largest one, so that it is forgotten like any other. In evaluation by the
  /// running ones. An empty batch stays empty and changes nothing.
  ///
  /// Training writes the running moments although the layer is const: threads may share a model in evaluation only.
  Tensor operator()(const Tensor& x, Context& context) const;

  Tensor operator()(const Tensor& x) const = delete;  // training is another thing: call layer(x, context)

  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
    visit("running_mean", running_mean);
    visit("running_var", running_var);
    visit("momentum", momentum);
    visit("epsilon", epsilon);
  }
};

}  // namespace GRADUS

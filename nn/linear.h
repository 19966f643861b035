// Linear: the affine map x·Wᵀ + b.
#pragma once

#include "autograd/ops.h"
#include "nn/init.h"
#include "nn/module.h"

namespace GRADUS {

struct Linear {
  Tensor weight, bias;  // (out, in), (out)

  Linear(std::int64_t in, std::int64_t out, Init init, Rng& rng)
      : weight(initial_weight(init, {out, in}, in, out, rng)), bias(initial_bias(init, out, in, rng)) {}

  /// (…, in) -> (…, out)
  Tensor operator()(const Tensor& x) const { return linear(x, weight, bias); }

  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
  }
};

}  // namespace GRADUS

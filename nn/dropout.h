// Dropout: in training, zeroes each element with probability p and scales the others by 1/(1-p).
// Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace GRADUS {

struct Dropout {
  Real p;

  /// 0 ≤ p < 1; Error otherwise.
  explicit Dropout(Real p) : p(p) { check(p >= 0 && p < 1, "[dropout] p = {} is not in [0, 1)", p); }

  /// Any shape. Draws from the context's generator, in training only.
  Tensor operator()(const Tensor& x, Context& context) const {
    if (!context.training || p == 0) return x;
    return x * bernoulli(x.shape(), 1 - p, context.rng) * (1 / (1 - p));
  }

  Tensor operator()(const Tensor& x) const = delete;  // dropout draws: call layer(x, context)

  void members(auto&& visit) { visit("p", p); }
};

}  // namespace GRADUS

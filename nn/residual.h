// Residual: x + layer(x). He, Zhang, Ren, Sun 2016.
#pragma once

#include "autograd/ops.h"
#include "nn/sequential.h"

namespace GRADUS {

struct Residual {
  Layer layer;  // any, for instance a Sequential; its output has the shape of its input

  Tensor operator()(const Tensor& x, Context& context) const {
    const Tensor y = layer(x, context);
    check(y.shape() == x.shape(), "[residual] the layer makes {} of {}, which cannot be added to it", y.shape(),
          x.shape());
    return x + y;
  }

  Tensor operator()(const Tensor& x) const = delete;  // the layer may draw: call residual(x, context)

  void members(auto&& visit) { visit("layer", layer); }
};

}  // namespace GRADUS

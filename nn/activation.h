// Activation: the nonlinearity between layers, chosen at run time.
#pragma once

#include <string_view>

#include "autograd/ops.h"

namespace GRADUS {

struct Activation {
  enum Kind { relu, elu, leaky_relu, silu, gelu, tanh, sigmoid, softplus } kind = relu;

  /// Any shape, element by element.
  Tensor operator()(const Tensor& x) const {
    switch (kind) {
      case relu: return gradus::relu(x);
      case elu: return gradus::elu(x);
      case leaky_relu: return gradus::leaky_relu(x);
      case silu: return gradus::silu(x);
      case gelu: return gradus::gelu(x);
      case tanh: return gradus::tanh(x);
      case sigmoid: return gradus::sigmoid(x);
      case softplus: return gradus::softplus(x);
    }
    throw Error("[activation] unknown kind");
  }

  void members(auto&& visit) { visit("kind", kind); }
};

}  // namespace GRADUS

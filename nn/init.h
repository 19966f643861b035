// How weights begin.
#pragma once

#include "tensor/random.h"

namespace GRADUS {

/// variance_scaling: normal of variance 1.3·2/fan_in cut at two standard deviations (Géron's book; the cut leaves
///   a variance of about 2/fan_in).
/// he: normal of variance 2/fan_in (He, Zhang, Ren, Sun 2015).
/// glorot: uniform on ±√(6/(fan_in + fan_out)) (Glorot, Bengio 2010).
/// fan_in: uniform on ±1/√fan_in, biases too (the default of PyTorch's Linear).
/// none: one zero, repeated by a stride of 0, so that a model of any size can be asked for its shapes.
enum class Init { variance_scaling, he, glorot, fan_in, none };

/// Uniform on [low, high]: rounding may reach the upper end.
Tensor uniform(const Shape& shape, Real low, Real high, Rng& rng);

/// A weight of `shape` with that many inputs and outputs per unit.
Tensor initial_weight(Init init, const Shape& shape, std::int64_t fan_in, std::int64_t fan_out, Rng& rng);
/// A bias of shape (n) for units with that many inputs: zeros, except for Init::fan_in.
Tensor initial_bias(Init init, std::int64_t n, std::int64_t fan_in, Rng& rng);

}  // namespace GRADUS

// Gradient clipping by the global norm.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS {

/// The 2-norm of all gradients as one vector, summed in double; right also where its squares would overflow or vanish.
double global_norm(std::span<const Tensor> gradients);
/// Scales all gradients by max_norm/norm where their global norm is larger, so a norm that is NaN or infinite leaves
/// gradients that are NaN or zero: look at what it returns, the norm before. Error unless max_norm > 0.
double clip_global_norm(std::span<Tensor> gradients, double max_norm);

}  // namespace GRADUS

// What a flow makes of draws: where it carries them, and how it stretches space there.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS {

struct Carried {
  Tensor z;        // (K, B, Z)
  Tensor log_det;  // (K, B, 1): log |det ∂z/∂z₀|
};

}  // namespace GRADUS

// Gradient accumulation: several small batches' gradients as one large batch's.
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace GRADUS {

/// sum[i] ← sum[i] + weight·gradients[i]; an empty sum counts as zeros. With each batch's share in the whole as its
/// weight, gradients of means over the batches become that of the mean over the whole. Error when the numbers or shapes
/// of gradients differ, and then nothing is changed.
void accumulate(std::vector<Tensor>& sum, std::vector<Tensor> gradients, double weight);

}  // namespace GRADUS

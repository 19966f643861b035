// Losses, one number each, and a share of right answers. Error when shapes differ, for an empty batch, and for a label
// that is not a class.
#pragma once

#include "autograd/ops.h"

namespace GRADUS {

/// Binary cross-entropy of probabilities given as logits: (B, …), targets in [0, 1] of the same shape. Nats, summed
/// over each sample's elements, averaged over the batch.
Tensor bce_with_logits(const Tensor& logits, const Tensor& targets);
/// Mean squared error over all elements.
Tensor mse(const Tensor& x, const Tensor& target);
/// Cross-entropy of class probabilities given as logits (B, classes), labels (B). Nats, averaged over the batch.
Tensor cross_entropy(const Tensor& logits, const Indices& labels);
/// The share of samples whose label is the class of the largest logit, of equals the first: logits (B, classes), labels
/// (B). A sample with a NaN among its logits counts as wrong.
double accuracy(const Tensor& logits, const Indices& labels);

}  // namespace GRADUS

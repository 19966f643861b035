// Normalisation: what BatchNorm, LayerNorm and GroupNorm share.
#pragma once

#include "autograd/ops.h"

namespace GRADUS {

struct Moments {
  Tensor mean, variance;  // the variance is that of the numbers themselves: divided by n, not n - 1
};

/// Over the axes named, which stay with extent 1. In two passes, mean first, so that a mean that is large beside the
/// spread costs no more digits than the mean itself loses when it is rounded. Exact also where sums or squares would
/// leave the range of numbers; a variance that does so itself is infinite. Over nothing: Error.
Moments moments(const Tensor& x, const Axes& axes);

/// (x - mean) / √(variance + epsilon) · weight + bias, by moments from elsewhere; everything broadcasts to x.
Tensor normalize(const Tensor& x, const Moments& moments, const Tensor& weight, const Tensor& bias, Real epsilon);
/// The same where they are moments(x, axes), also for numbers whose squares no number holds.
Tensor normalize_by_own(const Tensor& x, const Moments& own, const Axes& axes, const Tensor& weight, const Tensor& bias,
                        Real epsilon);

}  // namespace GRADUS

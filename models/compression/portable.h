// Functions that give the same bits on every machine. A library's exp differs from another's in the last bit, and one
// bit is enough for a decoder to fall out of step with its encoder; these are made of + - * / and sqrt of IEEE doubles
// alone, in a fixed order, so that there is nothing to differ in.
#pragma once

#include <cstdint>

#include "tensor/real.h"

namespace GRADUS::portable {

// Relative errors are some units in the last place: of exp(x) at most 4 where it is a normal number (0 below -708, the
// value at 709 above it), of the others below at most 8, and of erf and normal_cdf absolute errors of 16 of 1's. NaN
// stays NaN.

double exp(double x);
double expm1(double x);
/// log(1 + eˣ)
double softplus(double x);
/// 1 / (1 + e⁻ˣ)
double sigmoid(double x);
double tanh(double x);
double erf(double x);
/// Φ(x), the normal distribution function; exactly 0 below -8.5 and 1 above 8.5.
double normal_cdf(double x);
/// Its inverse, 2^-40 <= p <= 1 - 2^-40, as far as normal_cdf tells values apart there.
double normal_quantile(double p);

}  // namespace GRADUS::portable

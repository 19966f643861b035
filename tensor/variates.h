// Draws with a parameter for each element, by rejection: counts and gamma variates.
#pragma once

#include "tensor/random.h"

namespace GRADUS::kernel {

// Both read a row-major view of the logarithms of the parameters and fill one of the same shape. Element i begins with
// block counter + i, and goes on with that block enciphered again; the counter moves on by the number of elements. NaN
// gives NaN, and a parameter that is infinite itself.

/// Poisson counts at the rates e^log_rate; 0 at the rate 0, and at rates below 1e-16.
void poisson(const ConstView& log_rate, const View& out, Rng& rng);
/// Gamma variates of shape α = e^log_shape and rate 1; where they would be below it, the least normal number.
void standard_gamma(const ConstView& log_shape, const View& out, Rng& rng);

}  // namespace GRADUS::kernel

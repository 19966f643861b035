// What log importance weights say: the logarithm of their mean, and how many of them count.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

/// log 1/n Σ e^w, whatever the size of w. -∞ where all are, NaN where one is.
double log_mean_exp(std::span<const double> log_weights);
/// (Σ e^w)² / Σ e^2w: n where all are equal, 1 where one outweighs the rest (Kong 1992).
double effective_sample_size(std::span<const double> log_weights);

/// n, n/2, n/4, … 1, rounded down, from the smallest.
std::vector<std::int64_t> halvings(std::int64_t n);
/// For each of halvings(n), log_mean_exp in the mean over as many groups of so many weights, one behind the other, as
/// there are. So each estimates the bound by so many draws out of all of them, and more draws are never less.
std::vector<double> bounds_by_draws(std::span<const double> log_weights);

}  // namespace GRADUS

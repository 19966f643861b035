// Sequences of unequal lengths in one batch (N, T, …): what lies after a sample's end is padding, and counts for
// nothing whatever it holds.
#pragma once

#include "autograd/ops.h"

namespace GRADUS::detail {

/// (N, T, 1): 1 where a step lies before its sample's end, 0 after; nothing, (0), where no sample ends early. Error,
/// for `op`, unless there is one length for each sample, from 0 to T.
Tensor inside_lengths(const char* op, const Indices& lengths, std::int64_t samples, std::int64_t steps);

/// x where `inside` is 1, which broadcasts, else 0, with the derivative 0: also for an x that is not finite.
Tensor zero_outside(const Tensor& x, const Tensor& inside);

}  // namespace GRADUS::detail

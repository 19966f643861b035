// Where a step of a training went wrong: the first value, or on the way back the first gradient, that is not finite.
#pragma once

#include "models/minibatch.h"
#include "models/objective.h"
#include "models/vae.h"

namespace GRADUS {

/// Computes a step's bound and its gradient once more, looking at every op as it is done: a sentence that names the op,
/// its shape, the parameter nearest before it and the samples of the batch, whose numbers in the data are `rows`. `rng`
/// is the generator as it was when the step had its batch. Empty when all is finite.
std::string first_not_finite(const Vae& vae, const Minibatch& batch, std::span<const std::int64_t> rows,
                             const Objective& objective, const Objective::Weights& weights, Rng rng);

}  // namespace GRADUS

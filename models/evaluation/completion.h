// A picture of which a part is missing, completed: codes are found that make the part that is seen likely, by gradient
// steps through the decoder. The encoder, which wants a whole picture, is not asked.
#pragma once

#include "models/vae.h"

namespace GRADUS {

struct Completions {
  Tensor codes;                        // (n, Z), the likeliest first
  std::vector<double> log_likelihood;  // of the seen numbers at each, nats
};

/// From n draws of the prior, each on its own, half of the steps raise log p(x seen|z) + log p(z) by Adam, and the others
/// walk as draws of p(z|x seen) do. The prior is taken as a Gaussian of its means and deviations by dimension. `one` is
/// one sample, `seen` (1, D) is 1 where it is to be looked at; what it is elsewhere has no influence. Error for a decoder
/// that cannot tell log p(x|z) of each number of x. NumericError when the codes found are not finite.
Completions complete(const Vae& vae, const Minibatch& one, const Tensor& seen, std::int64_t n, std::int64_t steps,
                     Rng& rng);

}  // namespace GRADUS

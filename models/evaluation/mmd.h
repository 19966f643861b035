// Maximum mean discrepancy: how far two samples are from being of one distribution. Gretton, Borgwardt, Rasch, Schölkopf,
// Smola 2012; with the kernel of Tolstikhin, Bousquet, Gelly, Schölkopf 2018 for codes of Z dimensions.
//
//   MMD² = E k(x, x') + E k(y, y') - 2·E k(x, y)    k(x, y) = C / (C + ‖x - y‖²), C = 2Z
//
// Estimated without bias, so that it is 0 in the mean, and as often below it, where the two are of one distribution. How
// far it then strays is found by dealing all draws out anew to the two sides, again and again.
#pragma once

#include "autograd/ops.h"
#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

struct Discrepancy {
  double squared = 0;                              // MMD²
  double null_deviation = 0, null_quantile95 = 0;  // of MMD² between draws of one distribution
  double p_value = 1;      // how often it would then be as large as it is: at least 1/(deals + 1)
  std::int64_t draws = 0;  // on each side
};

/// Between x and y, (n, Z) each, by so many deals. Error unless both are of one shape and there are two draws or more.
Discrepancy discrepancy(const Tensor& x, const Tensor& y, Rng& rng, std::int64_t deals = 400);

/// Between the aggregate posterior, one draw of q(z|x) for each of at most 1,000 images, and draws from the prior.
Discrepancy aggregate_gap(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once = 500);

}  // namespace GRADUS

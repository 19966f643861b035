#include "models/evaluation/active_units.h"

#include <algorithm>

#include "autograd/tape.h"

namespace GRADUS {

// Welford 1962: a variance far below the square of its mean keeps its digits.
void ActiveUnits::add(const Tensor& means) {
  check(means.rank() == 2, "[active_units] means are (images, dimensions), not {}", means.shape());
  const std::int64_t dimensions = means.extent(-1);
  check(seen_ == 0 || dimensions == std::ssize(mean_), "[active_units] there were {} dimensions, and now {}",
        mean_.size(), dimensions);
  mean_.resize(dimensions);
  squares_.resize(dimensions);
  const std::vector<Real> values = means.values();
  for (auto row = values.begin(); row != values.end(); row += dimensions) {
    ++seen_;
    for (std::int64_t i = 0; i < dimensions; ++i) {
      const double off = static_cast<double>(row[i]) - mean_[i];
      mean_[i] += off / static_cast<double>(seen_);
      squares_[i] += off * (static_cast<double>(row[i]) - mean_[i]);
    }
  }
}

std::vector<double> ActiveUnits::variances() const {
  std::vector<double> variances = squares_;
  for (double& variance : variances) variance /= static_cast<double>(seen_);
  return variances;
}

std::int64_t ActiveUnits::count() const {
  return std::ranges::count_if(variances(), [](double variance) { return variance > kLeast; });
}

ActiveUnits active_units(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once,
                         std::int64_t most) {
  const Pause no_derivatives;
  Rng unused;
  Context context{.training = false, .rng = unused};
  ActiveUnits units;
  for_each_test_batch(images, shown, std::min(images.count, most), at_once,
                      [&](const Minibatch& batch) { units.add(vae.latent.code(batch, context)); });
  return units;
}

}  // namespace GRADUS

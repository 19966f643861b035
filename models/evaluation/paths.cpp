#include "models/evaluation/paths.h"

#include <algorithm>
#include <cmath>

namespace GRADUS {

Tensor path_between(const Tensor& a, const Tensor& b, std::int64_t steps, Path path) {
  check(a.rank() == 1 && a.shape() == b.shape(), "[path_between] codes of shapes {} and {} are not two of (Z)",
        a.shape(), b.shape());
  check(steps >= 2, "[path_between] a path has a beginning and an end, not {} steps", steps);
  const std::int64_t Z = a.numel();
  const std::vector<Real> from = a.values(), to = b.values();
  double product = 0, from_norm = 0, to_norm = 0;
  for (std::int64_t i = 0; i < Z; ++i) {
    const double x = from[i], y = to[i];
    product += x * y, from_norm += x * x, to_norm += y * y;
  }
  from_norm = std::sqrt(from_norm), to_norm = std::sqrt(to_norm);
  const double angle = std::acos(std::clamp(product / (from_norm * to_norm), -1.0, 1.0));  // NaN where a code is 0
  const bool straight = path == Path::line || !(std::sin(angle) > 1e-6);

  Tensor rows({steps, Z});
  Real* out = rows.write().data;
  for (std::int64_t step = 0; step < steps; ++step) {
    const double t = static_cast<double>(step) / static_cast<double>(steps - 1);
    double of_a = 1 - t, of_b = t;
    if (!straight) {  // of the directions, times the norm on the way
      const double norm = (1 - t) * from_norm + t * to_norm;
      of_a = std::sin((1 - t) * angle) / std::sin(angle) * norm / from_norm;
      of_b = std::sin(t * angle) / std::sin(angle) * norm / to_norm;
    }
    for (std::int64_t i = 0; i < Z; ++i)
      *out++ = step == 0 ? from[i]
               : step == steps - 1
                   ? to[i]
                   : static_cast<Real>(of_a * static_cast<double>(from[i]) + of_b * static_cast<double>(to[i]));
  }
  return rows;
}

}  // namespace GRADUS

#include "nn/clip.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/map.h"
#include "tensor/parallel.h"

namespace GRADUS {

/// Σ (scale·g)² of all gradients, in double. Chunks in parallel, their sums in order: the same bits for any number of
/// threads.
static double sum_of_squares(std::span<const Tensor> gradients, double scale) {
  constexpr std::int64_t kChunk = 16384;
  double total = 0;
  for (const Tensor& gradient : gradients) {
    const Tensor g = detach_contiguous(gradient);
    const std::int64_t size = g.numel(), chunks = ceil_div(size, kChunk);
    std::vector<double> partial(chunks);
    parallel_for(chunks, [&, data = g.view().data](std::int64_t chunk) {
      double lanes[8] = {};
      const std::int64_t end = std::min(size, (chunk + 1) * kChunk);
      for (std::int64_t e = chunk * kChunk; e < end; ++e) {
        const double x = scale * data[e];
        lanes[e % 8] += x * x;
      }
      for (const double lane : lanes) partial[chunk] += lane;
    });
    for (const double p : partial) total += p;
  }
  return total;
}

double global_norm(std::span<const Tensor> gradients) {
  const double total = sum_of_squares(gradients, 1);
  constexpr double least = 0x1p-900;  // below it squares may have lost digits: of doubles alone
  if ((total >= least && total <= std::numeric_limits<double>::max()) || std::isnan(total)) return std::sqrt(total);
  double largest = 0;
  for (const Tensor& gradient : gradients)
    for (const Real x : gradient.values()) largest = std::max(largest, std::abs(static_cast<double>(x)));
  if (largest == 0 || std::isinf(largest)) return largest;
  const int exponent = std::clamp(std::ilogb(largest), -1000, 1000);
  return std::ldexp(std::sqrt(sum_of_squares(gradients, std::ldexp(1, -exponent))), exponent);
}

double clip_global_norm(std::span<Tensor> gradients, double max_norm) {
  check(max_norm > 0, "[clip_global_norm] the largest norm must be positive, not {}", max_norm);
  const double norm = global_norm(gradients);
  if (norm <= max_norm) return norm;
  // A scale that is subnormal as Real, of few digits, is applied in two steps.
  constexpr double step = 0x1p64;
  const double scale = max_norm / norm;
  const bool twice = scale < std::numeric_limits<Real>::min();
  const Batch first = twice ? scale * step : scale, second = twice ? 1 / step : 1;
  for (Tensor& gradient : gradients) {
    const View g = gradient.write();
    kernel::map([first, second](Batch x) { return x * first * second; }, g, {g});
  }
  return norm;
}

}  // namespace GRADUS

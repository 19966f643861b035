#include "nn/clip.h"

#include <algorithm>
#include <cmath>

#include "tensor/map.h"
#include "tensor/parallel.h"

namespace GRADUS {

double global_norm(std::span<const Tensor> gradients) {
  constexpr std::int64_t kChunk = 16384;
  double total = 0;
  for (const Tensor& gradient : gradients) {
    const Tensor g = detach_contiguous(gradient);
    // Chunks in parallel, their sums in order: the same bits for any number of threads.
    const std::int64_t size = g.numel(), chunks = ceil_div(size, kChunk);
    std::vector<double> partial(chunks);
    parallel_for(chunks, [&, data = g.view().data](std::int64_t chunk) {
      double lanes[8] = {};
      const std::int64_t end = std::min(size, (chunk + 1) * kChunk);
      for (std::int64_t e = chunk * kChunk; e < end; ++e) lanes[e % 8] += static_cast<double>(data[e]) * data[e];
      for (const double lane : lanes) partial[chunk] += lane;
    });
    for (const double p : partial) total += p;
  }
  return std::sqrt(total);
}

double clip_global_norm(std::span<Tensor> gradients, double max_norm) {
  check(max_norm > 0, "[clip_global_norm] the largest norm must be positive, not {}", max_norm);
  const double norm = global_norm(gradients);
  if (norm <= max_norm) return norm;
  const Batch scale = max_norm / norm;
  for (Tensor& gradient : gradients) {
    const View g = gradient.write();
    kernel::map([scale](Batch x) { return x * scale; }, g, {g});
  }
  return norm;
}

}  // namespace GRADUS

#include "tensor/cumsum.h"

#include <algorithm>

#include "tensor/map.h"
#include "tensor/parallel.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

void cumsum(const ConstView& in, int axis, bool reverse, const View& out) {
  constexpr std::int64_t kColumns = 64;  // sums that run side by side
  constexpr std::int64_t kChunk = 32768;
  copy(in, out);
  if (out.shape.numel() == 0) return;
  const std::int64_t extent = out.shape[axis], width = out.strides[axis];  // of an axis, and of what is inside it
  const std::int64_t blocks = ceil_div(width, kColumns);
  const std::int64_t tasks = out.shape.numel() / (extent * width) * blocks;
  const std::int64_t per_chunk = 1 + kChunk / (extent * std::min(width, kColumns));
  parallel_for(ceil_div(tasks, per_chunk), [&](std::int64_t chunk) {
    for (std::int64_t task = chunk * per_chunk; task < std::min(tasks, (chunk + 1) * per_chunk); ++task) {
      const std::int64_t first = task % blocks * kColumns, columns = std::min(kColumns, width - first);
      Real* x = out.data + task / blocks * extent * width + first;
      double sums[kColumns] = {};
      for (std::int64_t i = 0; i < extent; ++i) {
        Real* line = x + (reverse ? extent - 1 - i : i) * width;
        for (std::int64_t j = 0; j < columns; ++j) line[j] = static_cast<Real>(sums[j] += line[j]);
      }
    }
  });
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

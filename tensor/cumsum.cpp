// Running sums, several side by side.
#include "tensor/cumsum.h"

#include <algorithm>

#include "tensor/copy.h"
#include "tensor/parallel.h"

namespace GRADUS::kernel {

void cumsum(const ConstView& in, int axis, bool reverse, const View& out) {
  constexpr std::int64_t kChunk = 32768, kColumns = 64;
  constexpr std::int64_t kRows = 8;  // rows a power of two apart share a set of the first cache, which has 8 places
  copy(in, out);
  if (out.shape.numel() == 0) return;
  // Sums run side by side, because each step of one waits for the step before: those inside the axis or, where there
  // are none, of neighbouring rows.
  const std::int64_t extent = out.shape[axis], width = out.strides[axis];  // of the axis, and of what is inside it
  const bool rows = width == 1;
  const std::int64_t sums = out.shape.numel() / extent, neighbours = rows ? sums : width;
  const std::int64_t most = rows ? kRows : kColumns, apart = rows ? extent : 1, step = reverse ? -width : width;
  const std::int64_t blocks = ceil_div(neighbours, most), tasks = sums / neighbours * blocks;
  const std::int64_t per_chunk = 1 + kChunk / (extent * std::min(neighbours, most));
  parallel_for(ceil_div(tasks, per_chunk), [&](std::int64_t chunk) {
    for (std::int64_t task = chunk * per_chunk; task < std::min(tasks, (chunk + 1) * per_chunk); ++task) {
      const std::int64_t first = task % blocks * most, count = std::min(most, neighbours - first);
      Real* line = out.data + task / blocks * extent * width + first * apart + (reverse ? (extent - 1) * width : 0);
      double total[kColumns] = {};
      for (std::int64_t i = 0; i < extent; ++i, line += step)
        for (std::int64_t j = 0; j < count; ++j) line[j * apart] = static_cast<Real>(total[j] += line[j * apart]);
    }
  });
}

}  // namespace GRADUS::kernel

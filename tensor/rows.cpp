#include "tensor/rows.h"

#include <algorithm>

#include "tensor/parallel.h"

namespace GRADUS::kernel {

constexpr std::int64_t kChunk = 32768;  // numbers that one thread takes at a time

void take_rows(const ConstView& table, std::span<const std::int64_t> rows, const View& out) {
  const std::int64_t count = static_cast<std::int64_t>(rows.size()), width = out.shape[1];
  if (width == 0) return;  // then there is no memory to point into
  const std::int64_t per_chunk = 1 + kChunk / (1 + width);
  parallel_for(ceil_div(count, per_chunk), [&](std::int64_t chunk) {
    for (std::int64_t i = chunk * per_chunk; i < std::min(count, (chunk + 1) * per_chunk); ++i) {
      const Real* from = table.data + rows[i] * table.strides[0];
      Real* to = out.data + i * width;
      if (table.strides[1] == 1)
        std::copy_n(from, width, to);
      else
        for (std::int64_t j = 0; j < width; ++j) to[j] = from[j * table.strides[1]];
    }
  });
}

}  // namespace GRADUS::kernel

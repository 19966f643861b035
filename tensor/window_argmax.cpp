// The largest of a window by comparing every number, without branches.
#include "tensor/window_argmax.h"

#include <algorithm>
#include <cmath>

#include "tensor/parallel.h"

namespace GRADUS::kernel {

void window_argmax(const ConstView& image, const Pair& window, const Pair& stride, const Pair& padding,
                   const Pair& maps, std::int64_t* out) {
  const std::int64_t height = image.shape[1], width = image.shape[2], windows = maps.h * maps.w;
  constexpr std::int64_t chunk_work = 1 << 15;  // numbers to compare
  if (image.shape[0] * windows == 0) return;
  const std::int64_t seen = std::min(window.h, height) * std::min(window.w, width);  // by one window, at most
  const std::int64_t planes_per_chunk = std::max<std::int64_t>(1, chunk_work / seen / windows);
  parallel_for(ceil_div(image.shape[0], planes_per_chunk), [&](std::int64_t chunk) {
    const std::int64_t last = std::min(image.shape[0], (chunk + 1) * planes_per_chunk);
    for (std::int64_t plane = chunk * planes_per_chunk; plane < last; ++plane)
      for (std::int64_t i = 0; i < maps.h; ++i)
        for (std::int64_t j = 0; j < maps.w; ++j) {
          const std::int64_t y = i * stride.h - padding.h, x = j * stride.w - padding.w;
          const std::int64_t top = std::max<std::int64_t>(y, 0), left = std::max<std::int64_t>(x, 0);
          const std::int64_t bottom = std::min(y + window.h, height), right = std::min(x + window.w, width);
          Real best = image(plane, top, left);
          std::int64_t at = top * width + left;
          for (std::int64_t r = top; r < bottom; ++r) {
            const Real* row = &image(plane, r, 0);
            for (std::int64_t c = left; c < right; ++c) {  // no branches: they would be guessed wrong half the time
              const Real number = row[c * image.strides[2]];
              const bool better = !(number <= best) & !std::isnan(best);
              best = better ? number : best;
              at = better ? r * width + c : at;
            }
          }
          out[plane * windows + i * maps.w + j] = at;
        }
  });
}

}  // namespace GRADUS::kernel

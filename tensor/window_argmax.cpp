#include "tensor/window_argmax.h"

#include <algorithm>
#include <cmath>

#include "tensor/parallel.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

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
      for (std::int64_t i = 0; i < windows; ++i) {
        const std::int64_t y = i / maps.w * stride.h - padding.h, x = i % maps.w * stride.w - padding.w;
        const std::int64_t top = std::max<std::int64_t>(y, 0), left = std::max<std::int64_t>(x, 0);
        const std::int64_t bottom = std::min(y + window.h, height), right = std::min(x + window.w, width);
        Real best = image(plane, top, left);
        std::int64_t at = top * width + left;
        for (std::int64_t r = top; r < bottom; ++r)
          for (std::int64_t c = left; c < right; ++c) {
            const Real number = image(plane, r, c);
            if (number <= best || std::isnan(best)) continue;
            best = number;
            at = r * width + c;
          }
        out[plane * windows + i] = at;
      }
  });
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel

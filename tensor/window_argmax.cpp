// The largest of a window by comparing every number, without branches.
#include <algorithm>
#include <cmath>

#include "tensor/parallel.h"
#include "tensor/windows.h"

namespace GRADUS::kernel {
namespace {

/// The places inside an image that a window sees along one axis: first, first + dilation, … below `end`.
struct Seen {
  std::int64_t first, end;

  Seen(std::int64_t index, std::int64_t window, std::int64_t stride, std::int64_t padding, std::int64_t dilation,
       std::int64_t extent)
      : first(index * stride - padding), end(std::min(extent, first + (window - 1) * dilation + 1)) {
    if (first < 0) first += ceil_div(-first, dilation) * dilation;
  }
};

}  // namespace

void window_argmax(const ConstView& image, const Windows& s, std::int64_t* out) {
  const std::int64_t height = image.shape[1], width = image.shape[2], windows = s.count.h * s.count.w;
  constexpr std::int64_t chunk_work = 1 << 15;  // numbers to compare
  if (image.shape[0] * windows == 0) return;
  const std::int64_t seen = std::min(s.window.h, height) * std::min(s.window.w, width);  // by one window, at most
  const std::int64_t planes_per_chunk = std::max<std::int64_t>(1, chunk_work / seen / windows);
  parallel_for(ceil_div(image.shape[0], planes_per_chunk), [&](std::int64_t chunk) {
    const std::int64_t last = std::min(image.shape[0], (chunk + 1) * planes_per_chunk);
    for (std::int64_t plane = chunk * planes_per_chunk; plane < last; ++plane)
      for (std::int64_t i = 0; i < s.count.h; ++i)
        for (std::int64_t j = 0; j < s.count.w; ++j) {
          const Seen rows(i, s.window.h, s.stride.h, s.padding.h, s.dilation.h, height);
          const Seen columns(j, s.window.w, s.stride.w, s.padding.w, s.dilation.w, width);
          Real best = image(plane, rows.first, columns.first);
          std::int64_t at = rows.first * width + columns.first;
          for (std::int64_t y = rows.first; y < rows.end; y += s.dilation.h) {
            const Real* row = &image(plane, y, 0);
            for (std::int64_t x = columns.first; x < columns.end; x += s.dilation.w) {
              // No branches: they would be guessed wrong half the time.
              const Real number = row[x * image.strides[2]];
              const bool better = !(number <= best) & !std::isnan(best);
              best = better ? number : best;
              at = better ? y * width + x : at;
            }
          }
          out[plane * windows + i * s.count.w + j] = at;
        }
  });
}

}  // namespace GRADUS::kernel

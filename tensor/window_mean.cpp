// Rows first, then columns: a window of h x w costs h + w additions instead of h·w. Sums are double throughout: one by
// one in float they would stop growing.
#include <algorithm>

#include "tensor/parallel.h"
#include "tensor/windows.h"

namespace GRADUS::kernel {
namespace {

/// The places begin … end-1 of an image that window `index` sees along an axis, and how many it has, padding included.
struct Span {
  std::int64_t begin, end;
  double places;

  Span(std::int64_t index, std::int64_t window, std::int64_t stride, std::int64_t padding, std::int64_t extent)
      : begin(index * stride - padding),
        end(std::min(begin + window, extent + padding)),
        places(static_cast<double>(end - begin)) {
    begin = std::max<std::int64_t>(begin, 0);
    end = std::min(end, extent);
  }
};

/// Calls visit(plane) for each, on several threads.
template <class Visit>
void for_each_plane(const ConstView& image, const Visit& visit) {
  constexpr std::int64_t chunk_work = 1 << 15;  // numbers
  const std::int64_t per_chunk = 1 + chunk_work / (1 + image.shape[1] * image.shape[2]);
  parallel_for(ceil_div(image.shape[0], per_chunk), [&](std::int64_t chunk) {
    for (std::int64_t plane = chunk * per_chunk; plane < std::min(image.shape[0], (chunk + 1) * per_chunk); ++plane)
      visit(plane);
  });
}

using Sums = std::vector<double, PoolAllocator<double>>;

}  // namespace

void window_mean(const ConstView& in, const Windows& s, const View& out) {
  const std::int64_t height = in.shape[1], width = in.shape[2];
  for_each_plane(in, [&](std::int64_t plane) {
    Sums columns(width);
    for (std::int64_t i = 0; i < s.count.h; ++i) {
      const Span rows(i, s.window.h, s.stride.h, s.padding.h, height);
      std::fill(columns.begin(), columns.end(), 0);
      for (std::int64_t y = rows.begin; y < rows.end; ++y) {
        const Real* row = &in(plane, y);
        for (std::int64_t x = 0; x < width; ++x) columns[x] += row[x];
      }
      for (std::int64_t j = 0; j < s.count.w; ++j) {
        const Span along(j, s.window.w, s.stride.w, s.padding.w, width);
        double total = 0;
        for (std::int64_t x = along.begin; x < along.end; ++x) total += columns[x];
        out(plane, i, j) = static_cast<Real>(total / (rows.places * along.places));
      }
    }
  });
}

void spread_mean(const ConstView& in, const Windows& s, const View& out) {
  const std::int64_t height = out.shape[1], width = out.shape[2];
  for_each_plane(out, [&](std::int64_t plane) {
    Sums columns(width), image(height * width, 0);
    for (std::int64_t i = 0; i < s.count.h; ++i) {
      const Span rows(i, s.window.h, s.stride.h, s.padding.h, height);
      std::fill(columns.begin(), columns.end(), 0);
      for (std::int64_t j = 0; j < s.count.w; ++j) {
        const Span along(j, s.window.w, s.stride.w, s.padding.w, width);
        const double part = in(plane, i, j) / (rows.places * along.places);
        for (std::int64_t x = along.begin; x < along.end; ++x) columns[x] += part;
      }
      for (std::int64_t y = rows.begin; y < rows.end; ++y)
        for (std::int64_t x = 0; x < width; ++x) image[y * width + x] += columns[x];
    }
    std::transform(image.begin(), image.end(), &out(plane), [](double sum) { return static_cast<Real>(sum); });
  });
}

}  // namespace GRADUS::kernel

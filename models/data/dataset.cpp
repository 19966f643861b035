#include "models/data/dataset.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "nn/files/quote.h"

namespace GRADUS {

void check_size(const std::string& name, const Pair& size, const Pair& taken) {
  check(size.h == taken.h && size.w == taken.w, "the images of {} are {} x {} pixels, the model takes {} x {}",
        quote(name), size.h, size.w, taken.h, taken.w);
}

std::string fingerprint(const Images& images) {
  uLong sum = crc32_z(0, images.pixels.data(), images.pixels.size());
  if (!images.labels.empty()) sum = crc32_z(sum, images.labels.data(), images.labels.size());
  return fmt::format("{}x{}x{} crc32:{:08x}", images.count, images.height, images.width, sum);
}

void transpose(Images& images) {
  const std::int64_t size = images.pixels_per_image();
  std::vector<std::uint8_t> image(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < images.count; ++i) {
    std::uint8_t* pixels = &images.pixels[i * size];
    std::copy_n(pixels, size, image.begin());
    for (std::int64_t y = 0; y < images.height; ++y)
      for (std::int64_t x = 0; x < images.width; ++x) pixels[x * images.height + y] = image[y * images.width + x];
  }
  std::swap(images.height, images.width);
}

Identified read_fingerprint(const std::string& text) {
  Identified read;
  unsigned sum = 0;
  const char *at = text.data(), *const end = at + text.size();
  const auto number = [&](auto& to, int base, std::string_view before) {
    const auto rest = static_cast<std::size_t>(end - at);
    if (!std::string_view(at, rest).starts_with(before)) return false;
    const auto [stop, error] = std::from_chars(at + before.size(), end, to, base);
    at = stop;
    return error == std::errc();
  };
  const bool whole = number(read.count, 10, "") && number(read.height, 10, "x") && number(read.width, 10, "x") &&
                     number(sum, 16, " crc32:") && at == end && std::min({read.count, read.height, read.width}) > 0;
  const std::string again = fmt::format("{}x{}x{} crc32:{:08x}", read.count, read.height, read.width, sum);
  check(whole && text == again, "{} does not identify images", quote(text));
  return read;
}

void fill_batch(const Images& images, std::span<const std::int64_t> rows, const View& out) {
  const std::int64_t size = images.pixels_per_image();
  const Shape shape{static_cast<std::int64_t>(rows.size()), size};
  check(out.shape == shape, "[fill_batch] a batch of {} images is {}, not {}", rows.size(), shape, out.shape);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    check(rows[r] >= 0 && rows[r] < images.count, "[fill_batch] there is no image {} among {}", rows[r], images.count);
    const std::uint8_t* from = &images.pixels[rows[r] * size];
    Real* to = out.data + static_cast<std::int64_t>(r) * out.strides[0];
    for (std::int64_t i = 0; i < size; ++i) to[i * out.strides[1]] = static_cast<Real>(from[i]) / 255;
  }
}

Indices labels_at(const Images& images, std::span<const std::int64_t> rows) {
  check(static_cast<std::int64_t>(images.labels.size()) == images.count, "[labels_at] the images of {} have no labels",
        quote(images.name));
  Indices labels{Shape{static_cast<std::int64_t>(rows.size())}};
  for (std::size_t r = 0; r < rows.size(); ++r) {
    check(rows[r] >= 0 && rows[r] < images.count, "[labels_at] there is no image {} among {}", rows[r], images.count);
    labels.values[r] = images.labels[rows[r]];
  }
  return labels;
}

}  // namespace GRADUS

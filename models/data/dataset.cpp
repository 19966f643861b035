#include "models/data/dataset.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "nn/files/quote.h"

namespace GRADUS {

std::string to_string(const SampleShape& shape) {
  return fmt::format("{} x {}{}", shape.height, shape.width,
                     shape.channels == 1 ? "" : fmt::format(" x {}", shape.channels));
}

void check_size(const std::string& name, const SampleShape& size, const SampleShape& taken) {
  check(size == taken, "the images of {} are {} pixels, the model takes {}", quote(name), to_string(size),
        to_string(taken));
}

static std::string fingerprint_of(std::int64_t count, const SampleShape& shape, unsigned long sum) {
  return fmt::format("{}x{}x{}{} crc32:{:08x}", count, shape.height, shape.width,
                     shape.channels == 1 ? "" : fmt::format("x{}", shape.channels), sum);
}

std::string fingerprint(const Images& images) {
  uLong sum = crc32_z(0, images.pixels.data(), images.pixels.size());
  const auto* numbers = reinterpret_cast<const Bytef*>(images.numbers.data());
  if (!images.numbers.empty()) sum = crc32_z(sum, numbers, images.numbers.size() * sizeof(double));
  if (!images.labels.empty()) sum = crc32_z(sum, images.labels.data(), images.labels.size());
  return fingerprint_of(images.count, images.shape(), sum);
}

template <class T>
static void part(std::vector<T>& pixels, std::int64_t count, const SampleShape& shape) {
  const std::int64_t size = shape.numel(), places = shape.height * shape.width;
  std::vector<T> image(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < count; ++i) {
    T* to = &pixels[i * size];
    std::copy_n(to, size, image.begin());
    for (std::int64_t at = 0; at < size; ++at) to[at % shape.channels * places + at / shape.channels] = image[at];
  }
}

void part_channels(std::vector<std::uint8_t>& pixels, std::int64_t count, const SampleShape& shape) {
  part(pixels, count, shape);
}
void part_channels(std::vector<double>& numbers, std::int64_t count, const SampleShape& shape) {
  part(numbers, count, shape);
}

std::vector<std::int64_t> rows_between(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> rows(end - begin);
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

void append(Images& images, const Images& more) {
  check(images.shape() == more.shape(), "[data] images of {} do not go behind others of {}", to_string(more.shape()),
        to_string(images.shape()));
  images.count += more.count;
  images.pixels.insert(images.pixels.end(), more.pixels.begin(), more.pixels.end());
  images.numbers.insert(images.numbers.end(), more.numbers.begin(), more.numbers.end());
  images.labels.insert(images.labels.end(), more.labels.begin(), more.labels.end());
}

bool is_grey(const Images& images) {
  return std::ranges::any_of(images.pixels, [](std::uint8_t pixel) { return pixel != 0 && pixel != 255; });
}

void transpose(Images& images) {
  const std::int64_t size = images.height * images.width;
  const auto each = [&]<class T>(std::vector<T>& all) {
    std::vector<T> image(static_cast<std::size_t>(size));
    for (auto at = all.begin(); at != all.end(); at += size) {  // each channel is a picture
      std::copy_n(at, size, image.begin());
      for (std::int64_t y = 0; y < images.height; ++y)
        for (std::int64_t x = 0; x < images.width; ++x) at[x * images.height + y] = image[y * images.width + x];
    }
  };
  each(images.pixels);
  each(images.numbers);
  std::swap(images.height, images.width);
}

/// Moves what belongs to the images at `rows`, `size` elements each, to the front of `to`.
template <class T>
static void move_rows(const std::vector<T>& from, std::vector<T>& to, std::span<const std::int64_t> rows,
                      std::int64_t size) {
  if (from.empty()) return;
  if (&from != &to) to.resize(rows.size() * static_cast<std::size_t>(size));
  auto at = to.begin();
  for (const std::int64_t row : rows) at = std::copy_n(from.begin() + row * size, size, at);
  to.resize(rows.size() * static_cast<std::size_t>(size));
}

static void take_rows(const Images& from, Images& to, std::span<const std::int64_t> rows) {
  const std::int64_t size = from.pixels_per_image();
  check(std::ranges::is_sorted(rows) && (rows.empty() || (rows.front() >= 0 && rows.back() < from.count)),
        "[data] rows to be kept do not rise, or are not among the {} there are", from.count);
  move_rows(from.pixels, to.pixels, rows, size);
  move_rows(from.numbers, to.numbers, rows, size);
  move_rows(from.labels, to.labels, rows, 1);
  to.count = static_cast<std::int64_t>(rows.size());
}

void keep(Images& images, std::span<const std::int64_t> rows) { take_rows(images, images, rows); }

Images copied(const Images& images, std::span<const std::int64_t> rows) {
  Images copy{.name = images.name,
              .height = images.height,
              .width = images.width,
              .channels = images.channels,
              .classes = images.classes,
              .scaling = images.scaling,
              .columns = images.columns};
  take_rows(images, copy, rows);
  return copy;
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
  SampleShape& shape = read.shape;
  bool whole = number(read.count, 10, "") && number(shape.height, 10, "x") && number(shape.width, 10, "x");
  if (whole && at != end && *at == 'x') whole = number(shape.channels, 10, "x") && shape.channels == 3;
  whole = whole && number(sum, 16, " crc32:") && at == end && std::min({read.count, shape.height, shape.width}) > 0;
  check(whole && text == fingerprint_of(read.count, shape, sum), "{} does not identify images", quote(text));
  return read;
}

void fill_batch(const Images& images, std::span<const std::int64_t> rows, const View& out) {
  const std::int64_t size = images.pixels_per_image();
  const Shape shape{static_cast<std::int64_t>(rows.size()), size};
  check(out.shape == shape, "[fill_batch] a batch of {} images is {}, not {}", rows.size(), shape, out.shape);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    check(rows[r] >= 0 && rows[r] < images.count, "[fill_batch] there is no image {} among {}", rows[r], images.count);
    Real* to = out.data + static_cast<std::int64_t>(r) * out.strides[0];
    if (images.numbers.empty()) {
      const std::uint8_t* from = &images.pixels[rows[r] * size];
      for (std::int64_t i = 0; i < size; ++i) to[i * out.strides[1]] = static_cast<Real>(from[i]) / 255;
    } else {
      const double* from = &images.numbers[rows[r] * size];
      for (std::int64_t i = 0; i < size; ++i)
        to[i * out.strides[1]] = static_cast<Real>(images.scaling.seen(from[i], i));
    }
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

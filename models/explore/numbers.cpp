#include "models/explore/numbers.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace GRADUS {

static_assert(std::endian::native == std::endian::little, "the page's arrays are little-endian");

std::uint16_t half_of(double x) {
  const double size = std::abs(x);
  const int sign = std::signbit(x) ? 0x8000 : 0;
  if (size < std::ldexp(1, -14)) return static_cast<std::uint16_t>(sign + std::nearbyint(std::ldexp(size, 24)));
  const int exponent = std::ilogb(size);
  // What is rounded up to a fraction of 2 carries into the exponent, as it should.
  const double fraction = std::nearbyint(std::ldexp(size, 10 - exponent)) - 1024;
  return static_cast<std::uint16_t>(sign + ((exponent + 15) << 10) + static_cast<int>(fraction));
}

void PackedNumbers::append(const void* from, std::size_t size) {
  bytes_.append(static_cast<const char*>(from), size);
  bytes_.resize((bytes_.size() + 3) / 4 * 4);
}

PackedNumbers::Place PackedNumbers::add(const Tensor& x, Type type) {
  const std::vector<Real> values = x.values();
  constexpr Real kMost = 65504;
  if (type == Type::f16 && std::ranges::any_of(values, [](Real v) { return std::abs(v) > kMost; })) type = Type::f32;
  const Place place{static_cast<std::int64_t>(bytes_.size()), type, x.shape()};
  if (type == Type::f32) {
    const std::vector<float> out(values.begin(), values.end());
    append(out.data(), out.size() * sizeof(float));
  } else if (type == Type::f16) {
    std::vector<std::uint16_t> out(values.size());
    std::ranges::transform(values, out.begin(), half_of);
    append(out.data(), out.size() * sizeof(std::uint16_t));
  } else {
    const std::size_t rows = static_cast<std::size_t>(x.shape()[0]),
                      each = values.size() / std::max<std::size_t>(rows, 1);
    std::vector<float> scales(rows);
    std::vector<std::int8_t> out(values.size());
    for (std::size_t row = 0; row < rows; ++row) {
      const std::span of_row = std::span(values).subspan(row * each, each);
      double largest = 0;
      for (const Real v : of_row) largest = std::max(largest, std::abs(static_cast<double>(v)));
      scales[row] = static_cast<float>(largest / 127);
      for (std::size_t i = 0; i < each; ++i)
        out[row * each + i] = static_cast<std::int8_t>(largest == 0 ? 0 : std::nearbyint(of_row[i] / largest * 127));
    }
    append(scales.data(), scales.size() * sizeof(float));
    append(out.data(), out.size());
  }
  return place;
}

std::int64_t PackedNumbers::add(std::span<const std::uint8_t> bytes) {
  const auto at = static_cast<std::int64_t>(bytes_.size());
  append(bytes.data(), bytes.size());
  return at;
}

}  // namespace GRADUS

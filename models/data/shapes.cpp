#include "models/data/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "tensor/parallel.h"
#include "tensor/random.h"

namespace GRADUS {

// Only +, -, ·, / and square roots are used on the way to a pixel: IEEE 754 rounds these exactly, so every compiler,
// mathematics library and instruction set draws the same images.

ShapeFactors shape_factors(std::uint64_t stream, std::int64_t index) {
  std::array<std::uint32_t, 8> bits{};
  for (std::uint32_t block = 0; block < 2; ++block) {
    const std::array<std::uint32_t, 4> four =
        philox({block, 0, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)},
               {static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)});
    std::ranges::copy(four, bits.begin() + 4 * block);
  }
  const auto uniform = [&](int word, float low, float high) {  // in [low, high)
    constexpr float kStep = 1.0f / (1 << 24);
    return low + (high - low) * (kStep * static_cast<float>(bits[word] >> 8));
  };
  return {.shape = static_cast<int>(bits[0] % std::size(kShapeNames)),
          .size = uniform(1, 4, 10),
          .turn = uniform(2, 0, 1),
          .x = uniform(3, 11, 21),
          .y = uniform(4, 11, 21),
          .brightness = uniform(5, 0.5f, 1)};
}

namespace {
struct Direction {
  float cosine, sine;
};

/// Of that part of a whole turn: Taylor's series in its quarter, right to 10⁻¹¹.
Direction direction(float turn) {
  const auto quarter = static_cast<int>(4 * turn);
  const double angle = (4 * static_cast<double>(turn) - quarter) * (std::numbers::pi / 2);
  double cosine = 0, sine = 0, term = 1;  // angle^n / n!
  for (int n = 0; n < 18; n += 2) {
    const int sign = n % 4 == 0 ? 1 : -1;
    cosine += sign * term;
    term *= angle / (n + 1);
    sine += sign * term;
    term *= angle / (n + 2);
  }
  const auto c = static_cast<float>(cosine), s = static_cast<float>(sine);
  const Direction turned[] = {{c, s}, {-s, c}, {-c, -s}, {s, -c}};
  return turned[quarter % 4];
}

/// How far (x, y) lies outside the shape of that size around the origin, in pixels; inside: negative.
float distance(int shape, float size, float x, float y) {
  const auto root = [](float square) { return std::sqrt(square); };
  switch (shape) {
    case 0: {  // to first order, for semi-axes of 1 : 0.6
      const float u = x / size, v = y / (0.6f * size);
      const float f = root(u * u + v * v), du = u / size, dv = v / (0.6f * size);
      const float slope = root(du * du + dv * dv);
      return slope == 0 ? -0.6f * size : f * (f - 1) / slope;
    }
    case 1: return std::max(std::abs(x), std::abs(y)) - 0.70710678f * size;
    default: {  // below its base, or beyond one of the two sides that are each other's mirror image
      constexpr float kCosine = 0.8660254f;  // of 30°
      return std::max(-y, kCosine * std::abs(x) + 0.5f * y) - 0.5f * size;
    }
  }
}
}  // namespace

void draw_shape(const ShapeFactors& factors, std::uint8_t* pixels) {
  const Direction d = direction(factors.turn);
  for (std::int64_t row = 0; row < kShapeSide; ++row)
    for (std::int64_t column = 0; column < kShapeSide; ++column) {
      // From the centre, with y upwards, turned back.
      const float x = static_cast<float>(column) + 0.5f - factors.x, y = factors.y - (static_cast<float>(row) + 0.5f);
      const float away = distance(factors.shape, factors.size, d.cosine * x + d.sine * y, d.cosine * y - d.sine * x);
      const float covered = std::clamp(0.5f - away, 0.0f, 1.0f);  // of the pixel, to the accuracy of a straight edge
      *pixels++ = static_cast<std::uint8_t>(255 * factors.brightness * covered + 0.5f);
    }
}

Images generate_shapes(std::int64_t count, std::uint64_t stream) {
  check(count >= 0, "[shapes] the number of images cannot be {}", count);
  Images images{.name = "shapes", .count = count, .height = kShapeSide, .width = kShapeSide};
  constexpr std::int64_t kPixels = kShapeSide * kShapeSide;
  images.pixels.resize(checked_mul(count, kPixels));
  images.labels.resize(count);
  constexpr std::int64_t kChunk = 250;  // images: some milliseconds of work
  parallel_for(ceil_div(count, kChunk), [&](std::int64_t chunk) {
    for (std::int64_t i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
      const ShapeFactors factors = shape_factors(stream, i);
      images.labels[i] = static_cast<std::uint8_t>(factors.shape);
      draw_shape(factors, &images.pixels[i * kPixels]);
    }
  });
  return images;
}

static Images named(Images images, const char* name) {
  images.name = name;
  return images;
}

Images training_shapes() { return named(generate_shapes(60000, 0), "generated shapes, training set"); }
Images test_shapes() { return named(generate_shapes(10000, 1), "generated shapes, test set"); }

}  // namespace GRADUS

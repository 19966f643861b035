// The generated shapes: always the same, and what their factors say is what is drawn.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "models/data/shapes.h"
#include "tensor/parallel.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

static constexpr std::int64_t kPixels = kShapeSide * kShapeSide;

using Drawing = std::array<std::uint8_t, kPixels>;

static Drawing drawn(const ShapeFactors& factors) {
  Drawing pixels{};
  draw_shape(factors, pixels.data());
  return pixels;
}

/// The sum of pixels / 255, and the centre of it.
struct Ink {
  double sum = 0, x = 0, y = 0;
  explicit Ink(const Drawing& pixels) {
    for (std::int64_t i = 0; i < kPixels; ++i) {
      const double ink = pixels[i] / 255.0;
      sum += ink;
      x += ink * (static_cast<double>(i % kShapeSide) + 0.5);
      y += ink * (static_cast<double>(i / kShapeSide) + 0.5);
    }
    x /= sum;
    y /= sum;
  }
};

TEST_CASE("shapes: the same images always, for any number of threads and images") {
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    // Taken down once, and equal for both compilers, both number types and every instruction set tried.
    CHECK(fingerprint(generate_shapes(3000, 0)) == "3000x32x32 crc32:8144ce44");
  }
  set_threads(before);
  const Images many = generate_shapes(600, 1), few = generate_shapes(257, 1);
  REQUIRE(few.pixels.size() == 257 * kPixels);
  CHECK(std::equal(few.pixels.begin(), few.pixels.end(), many.pixels.begin()));
  CHECK(std::equal(few.labels.begin(), few.labels.end(), many.labels.begin()));
  CHECK(generate_shapes(0, 0).pixels.empty());
  CHECK(contains(error_of([] { generate_shapes(-1, 0); }), "[shapes] the number of images cannot be -1"));
}

TEST_CASE("shapes: an image is what its factors say, and its label the shape") {
  const Images images = generate_shapes(500, 1);
  for (std::int64_t i = 0; i < images.count; ++i) {
    const ShapeFactors factors = shape_factors(1, i);
    CHECK(images.labels[i] == factors.shape);
    const Drawing pixels = drawn(factors);
    CHECK(std::equal(pixels.begin(), pixels.end(), images.pixels.begin() + i * kPixels));
    CHECK(*std::max_element(pixels.begin(), pixels.end()) == static_cast<int>(255 * factors.brightness + 0.5f));
    for (std::int64_t edge = 0; edge < kShapeSide; ++edge)  // whole, and nothing on the border
      for (const std::int64_t at : {edge, kPixels - 1 - edge, edge * kShapeSide, edge * kShapeSide + kShapeSide - 1})
        CHECK(pixels[at] == 0);
  }
}

TEST_CASE("shapes: area and place are those of the geometry") {
  // Per square of the radius. Where edges meet, a pixel counts as covered up to the nearer of them: too much by a
  // fraction of a pixel at each corner, of which a triangle of radius 4 has 21 in all.
  const double areas[] = {0.6 * std::numbers::pi, 2, 0.75 * std::numbers::sqrt3};
  for (int shape = 0; shape < 3; ++shape)
    for (const float size : {4.0f, 7.0f, 10.0f})
      for (const float turn : {0.0f, 0.13f, 0.5f, 0.77f}) {
        CAPTURE(shape);
        CAPTURE(size);
        CAPTURE(turn);
        const Ink ink(drawn({.shape = shape, .size = size, .turn = turn, .x = 13.3f, .y = 18.6f}));
        CHECK(std::abs(ink.sum / (areas[shape] * size * size) - 1) < 0.05);
        CHECK(std::abs(ink.x - 13.3) < 0.1);
        CHECK(std::abs(ink.y - 18.6) < 0.1);
      }
}

TEST_CASE("shapes: turned as far as they are turned, anticlockwise") {
  const auto lit = [](const Drawing& pixels, int x, int y) { return pixels[y * kShapeSide + x] > 127; };
  // An ellipse lies along x, and after a quarter turn stands along y.
  const Drawing lying = drawn({.shape = 0, .size = 10, .turn = 0}),
                standing = drawn({.shape = 0, .size = 10, .turn = 0.25f});
  CHECK((lit(lying, 24, 16) && !lit(lying, 16, 24)));
  CHECK((!lit(standing, 24, 16) && lit(standing, 16, 24)));
  // After an eighth it points to the upper right and the lower left.
  const Drawing eighth = drawn({.shape = 0, .size = 10, .turn = 0.125f});
  CHECK((lit(eighth, 21, 10) && lit(eighth, 10, 21) && !lit(eighth, 10, 10) && !lit(eighth, 21, 21)));
  // A triangle points up; a quarter turn on, to the left.
  const Drawing up = drawn({.shape = 2, .size = 10, .turn = 0}), left = drawn({.shape = 2, .size = 10, .turn = 0.25f});
  CHECK((lit(up, 16, 8) && !lit(up, 16, 24)));
  CHECK((lit(left, 8, 16) && !lit(left, 24, 16)));
  // A third of a turn changes a triangle as little as a quarter turn changes a square: by rounding.
  for (const auto& [shape, period] : {std::pair(1, 0.25f), std::pair(2, 1 / 3.0f)}) {
    const Drawing once = drawn({.shape = shape, .turn = 0.1f}), again = drawn({.shape = shape, .turn = 0.1f + period});
    int most = 0;
    for (std::int64_t i = 0; i < kPixels; ++i) most = std::max(most, std::abs(once[i] - again[i]));
    CHECK(most <= 1);
  }
}

TEST_CASE("shapes: each factor is drawn evenly over its range, whatever the others are") {
  constexpr std::int64_t kCount = 20000;
  std::vector<std::array<double, 6>> all(kCount);
  for (std::int64_t i = 0; i < kCount; ++i) {
    const ShapeFactors f = shape_factors(7, i);
    all[i] = {f.shape / 2.0, (f.size - 4) / 6, f.turn, (f.x - 11) / 10, (f.y - 11) / 10, (f.brightness - 0.5) * 2};
    for (const double u : all[i]) CHECK((u >= 0 && u <= 1));
  }
  // A mean of n uniforms has a deviation of 0.29/√n = 0.002, a correlation one of 1/√n = 0.007: five of them.
  for (int a = 0; a < 6; ++a) {
    double mean = 0;
    for (const auto& one : all) mean += one[a] / kCount;
    CHECK(std::abs(mean - 0.5) < (a == 0 ? 0.015 : 0.0103));
    for (int b = 0; b < a; ++b) {
      double together = 0;
      for (const auto& one : all) together += (one[a] - 0.5) * (one[b] - 0.5) / kCount;
      const double deviations = (a == 0 || b == 0 ? std::sqrt(1 / 6.0) : std::sqrt(1 / 12.0)) * std::sqrt(1 / 12.0);
      CHECK(std::abs(together / deviations) < 0.035);
    }
  }
}

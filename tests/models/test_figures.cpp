// Pictures: what stands where, and PNG files that another reader understands.
#include <doctest/doctest.h>
#include <png.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "models/pictures/figures.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

/// Reads a PNG with libpng; the test fails when libpng does not like it, or it is not 8-bit grey, or in three colours.
static Canvas read_png(const fs::path& path, std::int64_t channels = 1) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
  CHECK(image.format == (channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB));
  Canvas canvas{image.width, image.height, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image)), channels};
  REQUIRE(png_image_finish_read(&image, nullptr, canvas.pixels.data(), 0, nullptr) != 0);
  CHECK(image.warning_or_error == 0);
  return canvas;
}

/// The `height` × `width` area at (left, top) is all of one grey.
static bool filled(const Canvas& canvas, std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height,
                   int grey) {
  for (std::int64_t y = top; y < top + height; ++y)
    for (std::int64_t x = left; x < left + width; ++x)
      if (canvas.pixels.at(y * canvas.width + x) != grey) return false;
  return true;
}

TEST_CASE("a grid shows every pixel enlarged, from left to right and top to bottom") {
  // Three images of 1 × 2 in two columns: eight times as large, lines of one pixel.
  const Real nan = std::numeric_limits<Real>::quiet_NaN(), inf = std::numeric_limits<Real>::infinity();
  const std::vector<Real> images{0, 1, nan, Real(0.5), -inf, inf};
  const Canvas canvas = grid(images, 3, {1, 1, 2}, 2);
  REQUIRE(canvas.width == 1 + 2 * (16 + 1));
  REQUIRE(canvas.height == 1 + 2 * (8 + 1));
  REQUIRE(canvas.pixels.size() == 35 * 19);
  CHECK(filled(canvas, 1, 1, 8, 8, 0));
  CHECK(filled(canvas, 9, 1, 8, 8, 255));
  CHECK(filled(canvas, 18, 1, 8, 8, 0));
  CHECK(filled(canvas, 26, 1, 8, 8, 128));
  CHECK(filled(canvas, 1, 10, 8, 8, 0));
  CHECK(filled(canvas, 9, 10, 8, 8, 255));
  const int line = canvas.pixels[0];
  CHECK((line > 0 && line < 255));
  CHECK(filled(canvas, 0, 9, 35, 1, line));
  CHECK(filled(canvas, 17, 0, 1, 19, line));
  CHECK(filled(canvas, 18, 10, 17, 9, line));  // the place that stays free
}

TEST_CASE("values are clamped and rounded to the nearest grey") {
  const std::vector<Real> values{Real(-1e30),  Real(-0.0), Real(0.0019), Real(0.0020), Real(0.998),
                                 Real(0.9981), 1,          Real(1e30)};
  const Canvas canvas = grid(values, 8, {1, 1, 1}, 8);
  const int expected[] = {0, 0, 0, 1, 254, 255, 255, 255};
  for (int i = 0; i < 8; ++i) CHECK(filled(canvas, 1 + 9 * i, 1, 8, 8, expected[i]));
}

TEST_CASE("pictures suit a screen") {
  const std::vector<Real> images(60 * 784);
  const Canvas book = grid(images, 60, {1, 28, 28}, 10);
  CHECK((book.width > 800 && book.width <= 1250));
  CHECK((book.height > 400 && book.height < 800));
  const Canvas wide = grid(images, 60, {1, 28, 28}, 1000);  // no more columns than images
  CHECK(wide.width == 1 + 60 * 29);
  const Canvas single = grid(std::span(images).first(784), 1, {1, 28, 28}, 10);
  CHECK(single.width == single.height);
  CHECK(single.width > 8 * 28);
}

TEST_CASE("pairs put each reconstruction under its original") {
  const std::vector<Real> originals{Real(0.2), Real(0.4), Real(0.6)}, reconstructions{Real(0.8), 1, 0};
  const Canvas canvas = pairs(originals, reconstructions, 3, {1, 1, 1}, 2);
  REQUIRE(canvas.width == 1 + 2 * (8 + 1));
  REQUIRE(canvas.height == 1 + 8 + 1 + 8 + 4 + 8 + 1 + 8 + 1);
  CHECK(filled(canvas, 1, 1, 8, 8, 51));
  CHECK(filled(canvas, 10, 1, 8, 8, 102));
  CHECK(filled(canvas, 1, 10, 8, 8, 204));
  CHECK(filled(canvas, 10, 10, 8, 8, 255));
  CHECK(filled(canvas, 1, 22, 8, 8, 153));
  CHECK(filled(canvas, 1, 31, 8, 8, 0));
}

TEST_CASE("images of three channels are shown in their colours") {
  // Two images of 1 x 2, each with its reds, then its greens, then its blues; the numbers stand as fifths.
  const auto fifths = [](std::initializer_list<int> numbers) {
    std::vector<Real> images;
    for (const int number : numbers) images.push_back(static_cast<Real>(number) / 5);
    return images;
  };
  const std::vector<Real> images = fifths({0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0});
  const auto colour = [](const Canvas& canvas, std::int64_t x, std::int64_t y) {
    const std::uint8_t* at = &canvas.pixels.at((y * canvas.width + x) * 3);
    return std::array<int, 3>{at[0], at[1], at[2]};
  };
  using Colour = std::array<int, 3>;
  const Canvas canvas = grid(images, 2, {3, 1, 2}, 2);
  REQUIRE(canvas.channels == 3);
  REQUIRE(canvas.pixels.size() == static_cast<std::size_t>(canvas.width * canvas.height * 3));
  for (const int corner : {0, 7}) {  // of each enlarged pixel
    CHECK(colour(canvas, 1 + corner, 1 + corner) == Colour{0, 102, 204});
    CHECK(colour(canvas, 9 + corner, 1 + corner) == Colour{51, 153, 255});
    CHECK(colour(canvas, 18 + corner, 1 + corner) == Colour{255, 153, 51});
    CHECK(colour(canvas, 26 + corner, 1 + corner) == Colour{204, 102, 0});
  }
  CHECK(colour(canvas, 0, 0) == colour(canvas, 17, 5));  // lines are grey
  CHECK(canvas.pixels[0] == canvas.pixels[1]);

  const std::vector<Real> darker = fifths({0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0});
  const Canvas two = pairs(images, darker, 2, {3, 1, 2}, 2);
  CHECK(colour(two, 1, 1) == Colour{0, 102, 204});
  CHECK(colour(two, 1, 10) == Colour{0, 0, 51});
  CHECK(colour(two, 18, 10) == Colour{51, 0, 0});

  const Folder folder;
  write_png(folder.path / "picture.png", canvas);
  CHECK(read_png(folder.path / "picture.png", 3).pixels == canvas.pixels);
  CHECK(contains(error_of([&] { grid(images, 3, {2, 1, 2}, 1); }), "images have 2 channels"));
}

TEST_CASE("a PNG file holds the picture exactly") {
  const Folder folder;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {257, 129}, {1000, 700}}) {
    Canvas canvas{width, height, std::vector<std::uint8_t>(width * height)};
    std::uint32_t noise = 1;
    for (auto& pixel : canvas.pixels) pixel = static_cast<std::uint8_t>((noise = noise * 1664525 + 1013904223) >> 24);
    write_png(folder.path / "picture.png", canvas);  // over the one before
    const Canvas copy = read_png(folder.path / "picture.png");
    CHECK(copy.width == width);
    CHECK(copy.height == height);
    CHECK(copy.pixels == canvas.pixels);
    CHECK(folder.names().size() == 1);
  }
}

TEST_CASE("a picture that cannot be made or written is a sentence, and leaves nothing") {
  const Folder folder;
  const Canvas canvas{2, 1, {0, 255}};
  const auto says = [&](const fs::path& path) { return error_of([&] { write_png(path, canvas); }); };
  CHECK(contains(says(folder.path), "it is a folder"));
  CHECK(contains(says(folder.path / "none" / "a.png"), "its folder does not exist"));
  REQUIRE(::mkfifo((folder.path / "pipe").c_str(), 0600) == 0);
  CHECK(contains(says(folder.path / "pipe"), "not a regular file"));
  CHECK(contains(says(folder.path / "pipe" / "a.png"), "cannot write"));
  CHECK(contains(says(folder.path / std::string(300, 'x')), "cannot write"));
  CHECK(folder.names().size() == 1);

  for (const Canvas& wrong : {Canvas{}, Canvas{2, 2, {1, 2, 3}}, Canvas{-1, -1, {1}}, Canvas{2000000, 1, {}}})
    CHECK(contains(error_of([&] { write_png(folder.path / "wrong.png", wrong); }), "not a picture"));
  CHECK(folder.names().size() == 1);

  const std::vector<Real> images(12);
  const std::int64_t huge = std::int64_t{1} << 62;
  CHECK(contains(error_of([&] { grid(images, 0, {1, 2, 2}, 1); }), "nothing to show"));
  CHECK(contains(error_of([&] { grid(images, 3, {1, 2, -2}, 1); }), "nothing to show"));
  CHECK(contains(error_of([&] { grid(images, 3, {1, 2, 2}, 0); }), "columns is 0"));
  CHECK(contains(error_of([&] { grid(images, 4, {1, 2, 2}, 2); }), "are 16 numbers, not 12"));
  CHECK(contains(error_of([&] { grid(images, huge, {1, 2, 2}, 2); }), "does not fit in 64 bits"));
  CHECK(contains(error_of([&] { grid(images, 1, {1, huge, huge}, 1); }), "does not fit in 64 bits"));
  CHECK(
      contains(error_of([&] { pairs(images, std::span(images).first(8), 3, {1, 2, 2}, 3); }), "are 12 numbers, not 8"));
  const std::vector<Real> many(700000);
  CHECK(contains(error_of([&] { grid(many, 700000, {1, 1, 1}, 1); }), "too large\nhelp: show fewer or smaller images"));
  CHECK(error_of([&] { check_grid(700000, {1, 1, 1}, 1); }) == error_of([&] { grid(many, 700000, {1, 1, 1}, 1); }));
  CHECK(error_of([] { check_grid(60, {1, 21000, 10}, 10); }) == "no error");  // tall images are not enlarged
  CHECK(contains(error_of([] { check_grid(60, {1, 4300, 4300}, 10); }), "too large"));
}

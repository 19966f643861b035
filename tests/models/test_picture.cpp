// One picture: every kind of file gives the pixels that were put into it, and every bad file its sentence.
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "models/data/picture.h"
#include "tests/files.h"
#include "tests/models/picture_files.h"

using namespace gradus;
using namespace gradus::test;

using Bytes = std::vector<std::uint8_t>;

static Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

static void check_picture_is(const Picture& picture, std::int64_t height, std::int64_t width, std::int64_t channels,
                             const Bytes& pixels) {
  CHECK(picture.height == height);
  CHECK(picture.width == width);
  CHECK(picture.channels == channels);
  CAPTURE(fmt::format("{}", fmt::join(picture.pixels, " ")));
  CHECK(picture.pixels == pixels);
}

TEST_CASE("PNG: grey, colour, few and many bits, palettes and alpha") {
  const auto decoded = [](const std::string& bytes) { return decode_png(bytes, "x.png").picture; };
  check_picture_is(decoded(png_head(3, 2, 8, kPngGrey) + png_rows({{0, 127, '\xff'}, {1, 2, 3}})), 2, 3, 1,
                   {0, 127, 255, 1, 2, 3});
  check_picture_is(decoded(png_head(2, 1, 8, kPngColour) + png_rows({{9, 8, 7, 6, 5, 4}})), 1, 2, 3,
                   {9, 8, 7, 6, 5, 4});
  // Of few bits, the largest number is white: 1 bit 0 and 255, 2 bits multiples of 85, 4 bits of 17.
  check_picture_is(decoded(png_head(3, 1, 1, kPngGrey) + png_rows({{'\xa0'}})), 1, 3, 1, {255, 0, 255});
  check_picture_is(decoded(png_head(4, 1, 2, kPngGrey) + png_rows({{0x1b}})), 1, 4, 1, {0, 85, 170, 255});
  check_picture_is(decoded(png_head(2, 1, 4, kPngGrey) + png_rows({{0x1f}})), 1, 2, 1, {17, 255});
  // Of 16 bits v becomes v / 257, to the nearest.
  check_picture_is(decoded(png_head(3, 1, 16, kPngGrey) + png_rows({{0, 0, 0x40, 0x40, '\xff', '\xff'}})), 1, 3, 1,
                   {0, 0x40, 255});
  check_picture_is(decoded(png_head(1, 1, 16, kPngColour) + png_rows({{1, 1, 0x70, 0x70, '\xfe', '\xfe'}})), 1, 1, 3,
                   {1, 0x70, 0xfe});
  const std::string palette = chunk("PLTE", {1, 2, 3, 40, 50, 60});
  check_picture_is(decoded(png_head(2, 1, 8, kPngPalette) + palette + png_rows({{1, 0}})), 1, 2, 3,
                   {40, 50, 60, 1, 2, 3});
  check_picture_is(decoded(png_head(3, 1, 1, kPngPalette) + palette + png_rows({{0x40}})), 1, 3, 3,
                   {1, 2, 3, 40, 50, 60, 1, 2, 3});
  // c at alpha a on white: (c a + 255 (255 - a)) / 255.
  check_picture_is(decoded(png_head(3, 1, 8, kPngGreyAlpha) + png_rows({{9, '\xff', 9, 0, 0, 51}})), 1, 3, 1,
                   {9, 255, 204});
  check_picture_is(decoded(png_head(2, 1, 8, kPngColourAlpha) + png_rows({{9, 8, 7, '\xff', 0, 51, '\xff', 51}})), 1, 2,
                   3, {9, 8, 7, 204, 214, 255});
  check_picture_is(decoded(png_head(2, 1, 8, kPngPalette) + palette + chunk("tRNS", {0}) + png_rows({{0, 1}})), 1, 2, 3,
                   {255, 255, 255, 40, 50, 60});
  check_picture_is(decoded(png_head(2, 1, 8, kPngGrey) + chunk("tRNS", {0, 7}) + png_rows({{7, 8}})), 1, 2, 1,
                   {255, 8});
}

TEST_CASE("PNG: interlaced is the same picture") {
  constexpr int kWidth = 11, kHeight = 9;
  const auto pixel = [](int x, int y) { return static_cast<char>(20 * y + x); };
  std::vector<std::string> rows;
  constexpr int kPasses[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                 {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};  // Adam7: from x, from y, steps
  for (const auto& pass : kPasses)
    for (int y = pass[1]; y < kHeight; y += pass[3]) {
      std::string row;
      for (int x = pass[0]; x < kWidth; x += pass[2]) row += pixel(x, y);
      if (!row.empty()) rows.push_back(row);
    }
  std::string all;
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) all += pixel(x, y);
  const std::string bytes = png_head(kWidth, kHeight, 8, kPngGrey, true) + png_rows(rows);
  check_picture_is(decode_png(bytes, "x.png").picture, kHeight, kWidth, 1, bytes_of(all));
}

TEST_CASE("JPEG: grey and colour, baseline and progressive") {
  // A picture of one colour has no frequencies but the lowest, and at quality 100 that one is kept to 1/8.
  for (const bool progressive : {false, true}) {
    const JpegChoice grey{.space = JCS_GRAYSCALE, .progressive = progressive};
    check_picture_is(decode_jpeg(jpeg(3, 2, 1, std::string(6, 77), grey), "x.jpg").picture, 2, 3, 1, Bytes(6, 77));
    const JpegChoice colour{.progressive = progressive};
    const Picture red = decode_jpeg(jpeg(20, 10, 3, std::string(600, 100), colour), "x.jpg").picture;
    check_picture_is(red, 10, 20, 3, Bytes(600, 100));
  }
  // Red is not blue: Y'CbCr keeps it within 2 of what it was.
  std::string pixels;
  for (int i = 0; i < 64; ++i) pixels += {'\xc8', 50, 20};
  const Picture picture = decode_jpeg(jpeg(8, 8, 3, pixels), "x.jpg").picture;
  for (std::size_t i = 0; i < picture.pixels.size(); ++i)
    CHECK(std::abs(picture.pixels[i] - Bytes{200, 50, 20}[i % 3]) <= 2);
}

TEST_CASE("pictures: EXIF says how they are turned") {
  // The letter F, as EXIF 1 to 8 would have it lie, and as it stands.
  const Bytes upright{1, 2, 3, 4, 5, 6};  // 3 rows of 2
  const struct {
    std::int64_t height, width;
    Bytes lying;
  } cases[8] = {{3, 2, {1, 2, 3, 4, 5, 6}},   // as it is
                {3, 2, {2, 1, 4, 3, 6, 5}},   // mirrored
                {3, 2, {6, 5, 4, 3, 2, 1}},   // half a turn
                {3, 2, {5, 6, 3, 4, 1, 2}},   // upside down
                {2, 3, {1, 3, 5, 2, 4, 6}},   // the first column is at the top
                {2, 3, {2, 4, 6, 1, 3, 5}},   // to be turned clockwise: the right column is at the top
                {2, 3, {6, 4, 2, 5, 3, 1}},   //
                {2, 3, {5, 3, 1, 6, 4, 2}}};  // to be turned anticlockwise: the left column is at the bottom
  for (int i = 0; i < 8; ++i) {
    CAPTURE(i + 1);
    const Picture lying{cases[i].height, cases[i].width, 1, cases[i].lying};
    for (const bool big : {false, true}) check_picture_is(turn(lying, read_exif(exif(i + 1, big))), 3, 2, 1, upright);
  }
  for (const std::string& nothing : {std::string(), std::string("II"), exif(9), exif(0), exif(1).substr(0, 12)})
    check_picture_is(turn({3, 2, 1, upright}, read_exif(nothing)), 3, 2, 1, upright);

  const Folder folder;
  const auto png =
      folder.put("x.png", png_head(3, 2, 8, kPngGrey) + chunk("eXIf", exif(5)) + png_rows({{1, 3, 5}, {2, 4, 6}}));
  check_picture_is(read_picture(png, {3, 2}), 3, 2, 1, upright);
  // Two halves of one grey each, so that JPEG keeps them: the left one comes to the top.
  std::string halves;
  for (int y = 0; y < 8; ++y) halves += std::string(8, 40) + std::string(8, 90);
  const auto jpg = folder.put("x.jpg", jpeg(16, 8, 1, halves, {.space = JCS_GRAYSCALE, .orientation = 6}));
  check_picture_is(read_picture(jpg, {2, 1}), 2, 1, 1, {40, 90});
}

TEST_CASE("pictures: a file is what its bytes say, whatever its name") {
  const Folder folder;
  check_picture_is(read_picture(folder.put("a.jpg", png_head(1, 1, 8, kPngGrey) + png_rows({{7}})), {1, 1}), 1, 1, 1,
                   {7});
  check_picture_is(
      read_picture(folder.put("a.png", jpeg(8, 8, 1, std::string(64, 77), {.space = JCS_GRAYSCALE})), {1, 1}), 1, 1, 1,
      {77});
}

TEST_CASE("fit: each pixel is the mean over its area of the middle") {
  const Picture row{1, 6, 1, {0, 10, 20, 30, 40, 50}};
  check_picture_is(fit(row, {1, 6}), 1, 6, 1, row.pixels);
  // A square from the middle of 6 x 1 is half of each of the two pixels there: 20 and 30.
  check_picture_is(fit(row, {1, 1}), 1, 1, 1, {25});
  // 2 x 4 to 1 x 2: means of four.
  check_picture_is(fit({2, 4, 1, {0, 4, 100, 200, 8, 12, 50, 150}}, {1, 2}), 1, 2, 1, {6, 125});
  // 3 pixels to 2: one and a half each, so (0 + 60 / 2) / 1.5 = 20 and (60 / 2 + 90) / 1.5 = 80; three rows likewise.
  check_picture_is(fit({3, 3, 1, {0, 60, 90, 0, 60, 90, 0, 60, 90}}, {2, 2}), 2, 2, 1, {20, 80, 20, 80});
  // Larger: each pixel again and again.
  check_picture_is(fit({1, 2, 1, {5, 9}}, {2, 4}), 2, 4, 1, {5, 5, 9, 9, 5, 5, 9, 9});
  // A high picture loses top and bottom, a wide one left and right.
  check_picture_is(fit({4, 2, 1, {1, 1, 2, 2, 3, 3, 4, 4}}, {2, 2}), 2, 2, 1, {2, 2, 3, 3});
  check_picture_is(fit({2, 4, 1, {1, 2, 3, 4, 1, 2, 3, 4}}, {2, 2}), 2, 2, 1, {2, 3, 2, 3});
  // Colours do not run into each other.
  check_picture_is(fit({1, 2, 3, {10, 20, 30, 30, 40, 50}}, {1, 1}), 1, 1, 3, {20, 30, 40});
  CHECK(contains(error_of([] { fit({}, {1, 1}); }), "[picture] 0 x 0 pixels cannot become 1 x 1"));
}

TEST_CASE("fit commutes with turning") {
  Picture picture{7, 12, 1, {}};
  for (int i = 0; i < 84; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(i * i * 5 % 251));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Orientation o = read_exif(exif(orientation));
    const Picture late = turn(fit(picture, o.transposed ? Pair(3, 4) : Pair(4, 3)), o);
    const Picture early = fit(turn(picture, o), {4, 3});
    CHECK(late.pixels == early.pixels);
  }
}

TEST_CASE("pictures: each kind of bad file has its sentence, naming the file") {
  const Folder folder;
  const std::string head = png_head(2, 2, 8, kPngGrey), good = head + png_rows({{1, 2}, {3, 4}});
  const std::string photo = jpeg(16, 16, 3, std::string(768, 99));
  const auto damaged = [](std::string bytes, std::size_t at) {
    bytes[at] ^= 0x55;
    return bytes;
  };
  // Height and width stand five bytes after the marker ff c0.
  const std::size_t frame = photo.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  std::string large = photo;
  large.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  const struct {
    std::string bytes, says;
  } cases[] = {
      {"", "is empty\nhelp: pictures are PNG or JPEG"},
      {"hello", "is no picture that is known here"},
      {"GIF89a", "is a GIF"},
      {"BM....", "is a BMP"},
      {"RIFF....WEBP", "is a WebP"},
      {"II*.....", "is a TIFF"},
      {std::string("\0\0\0\x18", 4) + "ftypheic", "is a HEIC or AVIF"},
      {"<svg/>", "is a web page or an SVG"},
      {good.substr(0, 8), "is a damaged PNG"},
      {good.substr(0, 20), "is a damaged PNG"},
      {head, "is a damaged PNG: it ends in the middle"},
      {head + std::string("\x74\0\0\x1a", 4) + "eXIf" + good.substr(33), "is a damaged PNG: it ends in the middle"},
      {good.substr(0, good.size() - 20), "is a damaged PNG"},
      {damaged(good, 20), "is a damaged PNG"},
      {damaged(good, good.size() - 14), "is a damaged PNG"},
      {head + png_rows({{1, 2}}), "is a damaged PNG: Not enough image data"},
      {png_head(0, 2, 8, kPngGrey) + png_rows({{}, {}}), "is a damaged PNG"},
      {png_head(2, 2, 3, kPngGrey) + png_rows({{1, 2}, {3, 4}}), "is a damaged PNG"},
      {png_head(2, 2, 8, kPngPalette) + png_rows({{1, 2}, {3, 4}}), "is a damaged PNG"},
      {png_head(100000, 100000, 8, kPngGrey) + png_rows({{1}}), "has 100000 x 100000 pixels; 67108864 are the most"},
      {png_head(8000, 8000, 8, kPngColour) + png_rows({{1}}), "is too short for the 8000 x 8000 pixels"},
      {png_head(0xffffffff, 0x7fffffff, 8, kPngGrey) + png_rows({{1}}), "is a damaged PNG"},
      {photo.substr(0, 3), "is a damaged JPEG: Premature end of JPEG file"},
      {photo.substr(0, photo.size() / 2), "is a damaged JPEG"},
      {photo.substr(0, photo.size() - 3), "is a damaged JPEG: Premature end of JPEG file"},
      {damaged(photo, frame), "is a damaged JPEG"},
      {large, "pixels; 67108864 are the most"},
      {jpeg(8, 8, 4, std::string(256, 9), {.space = JCS_CMYK}), "has 4 channels, where grey has 1 and colour 3"},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string name = "case-" + std::to_string(number++);
    const std::string says = error_of([&] { read_picture(folder.put(name, c.bytes), {4, 4}); });
    CAPTURE(says);
    CAPTURE(c.says);
    CHECK(contains(says, c.says));
    CHECK(contains(says, name));
  }
  CHECK(contains(error_of([&] { read_picture(folder.path / "none.png", {4, 4}); }), "there is no such file"));
  large.replace(frame + 5, 4, std::string("\x20\x00\x20\x00", 4));
  CHECK(contains(error_of([&] { read_picture(folder.put("8192", large), {4, 4}); }),
                 "is too short for the 8192 x 8192 pixels that it announces"));
}

TEST_CASE("pictures: a file cut anywhere is an error") {
  const std::string png = png_head(3, 2, 8, kPngGrey) + png_rows({{0, 127, 1}, {1, 2, 3}});
  const std::string jpg = jpeg(8, 8, 1, std::string(64, 77), {.space = JCS_GRAYSCALE});
  // The last 12 bytes of a PNG file are the chunk that ends it, and have no pixels; a JPEG ends in a marker of two.
  for (std::size_t length = 0; length < png.size() - 12; ++length)
    CHECK(error_of([&] { decode_png(png.substr(0, length), "x"); }) != "no error");
  for (std::size_t length = 0; length < jpg.size() - 2; ++length)
    CHECK(error_of([&] { decode_jpeg(jpg.substr(0, length), "x"); }) != "no error");
}

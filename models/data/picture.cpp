#include "models/data/picture.h"

#include <algorithm>

#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }
bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

// ---- EXIF -----------------------------------------------------------------------------------------------------------

Orientation read_exif(std::string_view tiff) {
  const bool big = tiff.starts_with("MM");
  const auto number = [&](std::size_t at, int bytes) -> std::uint32_t {  // beyond the end: 0
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const std::size_t place = at + (big ? i : bytes - 1 - i);
      value = value << 8 | (place < tiff.size() ? static_cast<std::uint8_t>(tiff[place]) : 0);
    }
    return value;
  };
  if ((!big && !tiff.starts_with("II")) || number(2, 2) != 42) return {};
  constexpr std::uint32_t kOrientation = 0x112, kShort = 3;
  const std::size_t entries = number(4, 4);
  for (std::size_t i = 0; i < number(entries, 2); ++i) {
    const std::size_t entry = entries + 2 + 12 * i;
    if (number(entry, 2) != kOrientation || number(entry + 2, 2) != kShort) continue;
    switch (number(entry + 8, 2)) {
      case 2: return {.mirrored = true};
      case 3: return {.mirrored = true, .upside_down = true};
      case 4: return {.upside_down = true};
      case 5: return {.transposed = true};
      case 6: return {.upside_down = true, .transposed = true};
      case 7: return {.mirrored = true, .upside_down = true, .transposed = true};
      case 8: return {.mirrored = true, .transposed = true};
      default: return {};
    }
  }
  return {};
}

// ---- Size -----------------------------------------------------------------------------------------------------------

/// Along one axis, `to` pixels are laid over the middle of `from` pixels, each n/d of them long. In units of 1/(2d)
/// source pixels everything is whole: each target pixel is 2n long, each source pixel 2d.
struct Axis {
  std::int64_t from, to, n, d;

  /// Calls `add(source pixel, units of it)` for what target pixel `i` covers.
  void covered(std::int64_t i, auto&& add) const {
    const std::int64_t begin = d * from - n * to + 2 * n * i, end = begin + 2 * n, unit = 2 * d;
    for (std::int64_t source = begin / unit; source * unit < end; ++source)
      add(source, std::min(end, (source + 1) * unit) - std::max(begin, source * unit));
  }
};

Picture fit(const Picture& picture, const Pair& size) {
  check(std::min({picture.height, picture.width, size.h, size.w}) > 0, "[picture] {} x {} pixels cannot become {} x {}",
        picture.height, picture.width, size.h, size.w);
  const bool wide = checked_mul(picture.width, size.h) > checked_mul(picture.height, size.w);
  const std::int64_t n = wide ? picture.height : picture.width, d = wide ? size.h : size.w;
  const Axis down{picture.height, size.h, n, d}, across{picture.width, size.w, n, d};
  const std::int64_t channels = picture.channels, whole = 4 * n * n;  // units of area in a target pixel
  Picture fitted{.height = size.h, .width = size.w, .channels = channels};
  fitted.pixels.resize(size.h * size.w * channels);
  std::vector<std::int64_t> column(picture.width * channels);  // sums over the rows that a target row covers
  for (std::int64_t y = 0; y < size.h; ++y) {
    std::ranges::fill(column, 0);
    down.covered(y, [&](std::int64_t row, std::int64_t units) {
      const std::uint8_t* from = &picture.pixels[row * picture.width * channels];
      for (std::size_t i = 0; i < column.size(); ++i) column[i] += units * from[i];
    });
    for (std::int64_t x = 0; x < size.w; ++x)
      for (std::int64_t c = 0; c < channels; ++c) {
        std::int64_t sum = 0;
        across.covered(x, [&](std::int64_t at, std::int64_t units) { sum += units * column[at * channels + c]; });
        fitted.pixels[(y * size.w + x) * channels + c] = static_cast<std::uint8_t>((sum + whole / 2) / whole);
      }
  }
  return fitted;
}

Picture turn(const Picture& picture, const Orientation& orientation) {
  Picture turned = picture;
  if (orientation.transposed) std::swap(turned.height, turned.width);
  std::uint8_t* to = turned.pixels.data();
  for (std::int64_t y = 0; y < turned.height; ++y)
    for (std::int64_t x = 0; x < turned.width; ++x) {
      std::int64_t row = orientation.transposed ? x : y, column = orientation.transposed ? y : x;
      if (orientation.upside_down) row = picture.height - 1 - row;
      if (orientation.mirrored) column = picture.width - 1 - column;
      const std::uint8_t* from = &picture.pixels[(row * picture.width + column) * picture.channels];
      to = std::copy_n(from, picture.channels, to);
    }
  return turned;
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static const char* describe(std::string_view bytes) {
  if (bytes.empty()) return "is empty";
  if (bytes.starts_with("GIF8")) return "is a GIF";
  if (bytes.starts_with("BM")) return "is a BMP";
  if (bytes.starts_with("RIFF")) return "is a WebP";
  if (bytes.starts_with("II*") || bytes.starts_with("MM")) return "is a TIFF";
  if (bytes.substr(0, 12).find("ftyp") == 4) return "is a HEIC or AVIF";
  if (bytes.starts_with("<")) return "is a web page or an SVG";
  return "is no picture that is known here";
}

Picture read_picture(const std::filesystem::path& path, const Pair& size) {
  constexpr std::int64_t kMostBytes = 1 << 28;
  const std::string bytes = read_file(path, kMostBytes);
  check(is_png(bytes) || is_jpeg(bytes), "[picture] {} {}\nhelp: pictures are PNG or JPEG", quote(path.native()),
        describe(bytes));
  const Decoded decoded = is_png(bytes) ? decode_png(bytes, path) : decode_jpeg(bytes, path);
  const Pair lying = decoded.orientation.transposed ? Pair(size.w, size.h) : size;
  return turn(fit(decoded.picture, lying), decoded.orientation);
}

}  // namespace GRADUS

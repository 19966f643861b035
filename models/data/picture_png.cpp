// PNG by libpng's simplified interface, which needs no setjmp, undoes palettes, interlacing and 16 bits, and knows a
// picture's size before memory is taken.
#include <png.h>

#include <algorithm>

#include "models/data/picture.h"
#include "models/data/picture_limits.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

/// Goes over the chunks of a PNG file before libpng does, which takes memory for one as its length says. What the chunk
/// eXIf holds, which libpng's simplified interface passes over. Error when a chunk goes beyond the end of the file.
std::string_view read_chunks(std::string_view bytes, const std::filesystem::path& name) {
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
  };
  std::string_view exif;
  constexpr std::size_t kSignature = 8, kAround = 12;  // a chunk: length, name, contents, check sum
  for (std::size_t at = kSignature;;) {
    const bool whole = bytes.size() >= at + kAround && number(at) <= bytes.size() - at - kAround;
    check(whole, "[picture] {} is a damaged PNG: it ends in the middle", quote(name.native()));
    const std::size_t length = number(at);
    const std::string_view kind = bytes.substr(at + 4, 4);
    if (kind == "IEND") return exif;
    if (kind == "eXIf") exif = bytes.substr(at + 8, length);
    at += kAround + length;
  }
}

struct Reading {
  png_image image{};
  Reading() { image.version = PNG_IMAGE_VERSION; }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() { png_image_free(&image); }
};

}  // namespace

Decoded decode_png(std::string_view bytes, const std::filesystem::path& name) {
  const std::string_view exif = read_chunks(bytes, name);
  Reading reading;
  png_image& image = reading.image;
  const auto checked = [&](int done) {
    // A warning is about what does not touch the pixels; libpng goes on after it.
    check(done != 0 && !PNG_IMAGE_FAILED(image), "[picture] {} is a damaged PNG: {}", quote(name.native()),
          image.message);
  };
  checked(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()));
  const std::int64_t height = image.height, width = image.width;
  constexpr std::int64_t kDeflate = 1032;   // deflate's best ratio: 258 bytes in two bits
  check_picture(name, height, width, [&] {  // at least a bit per pixel, and a byte per row
    return height * (1 + (width + 7) / 8) <= kDeflate * static_cast<std::int64_t>(bytes.size());
  });
  const bool colour = image.format & PNG_FORMAT_FLAG_COLOR;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits that do not say what they mean are no others than 8 are
  image.format = colour ? PNG_FORMAT_RGBA : PNG_FORMAT_GA;
  const std::int64_t channels = colour ? 3 : 1;
  std::vector<std::uint8_t> pixels(height * width * (channels + 1));
  checked(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr));

  const std::uint8_t* from = pixels.data();
  std::uint8_t* to = pixels.data();  // in place: three bytes for four, or one for two
  for (std::int64_t i = 0; i < height * width; ++i, from += channels + 1)
    for (std::int64_t c = 0; c < channels; ++c) {
      const int opaque = from[channels];
      *to++ = static_cast<std::uint8_t>((from[c] * opaque + 255 * (255 - opaque) + 127) / 255);
    }
  pixels.resize(height * width * channels);
  return {{height, width, channels, std::move(pixels)}, read_exif(exif)};
}

}  // namespace GRADUS

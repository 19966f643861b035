// Pictures as files, written chunk by chunk, so that what is in them is known without a reader.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// after <cstdio>, which it needs
#include <jpeglib.h>

namespace gradus::test {

inline std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

/// A chunk of a PNG file: length, name, contents, check sum.
inline std::string chunk(const std::string& name, const std::string& contents) {
  const std::string summed = name + contents;
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(summed.data()), summed.size());
  return big_endian(static_cast<std::uint32_t>(contents.size())) + summed + big_endian(static_cast<std::uint32_t>(sum));
}

enum PngType { kPngGrey = 0, kPngColour = 2, kPngPalette = 3, kPngGreyAlpha = 4, kPngColourAlpha = 6 };

inline std::string png_head(std::uint32_t width, std::uint32_t height, int depth, PngType type,
                            bool interlaced = false) {
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", big_endian(width) + big_endian(height) +
                                                 std::string{static_cast<char>(depth), static_cast<char>(type), 0, 0,
                                                             static_cast<char>(interlaced)});
}

/// The pixels, each row with a filter's number (0: none) before it, and the end of the file.
inline std::string png_rows(const std::vector<std::string>& rows) {
  std::string bytes;
  for (const std::string& row : rows) bytes += '\0' + row;
  std::string packed(compressBound(bytes.size()), '\0');
  uLongf size = packed.size();
  REQUIRE(::compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                     bytes.size()) == Z_OK);
  packed.resize(size);
  return chunk("IDAT", packed) + chunk("IEND", "");
}

/// EXIF data that say one thing: how the picture is turned, 1 to 8.
inline std::string exif(int orientation, bool big = false) {
  const auto number = [&](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * (big ? bytes - 1 - i : i));
    return text;
  };
  return (big ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x112, 2) + number(3, 2) +
         number(1, 4) + number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

struct JpegChoice {
  J_COLOR_SPACE space = JCS_RGB;
  int quality = 100;
  bool progressive = false;
  int orientation = 0;  // 0: without EXIF data
};

/// A JPEG file of those pixels, row by row, `channels` bytes each.
inline std::string jpeg(int width, int height, int channels, const std::string& pixels, const JpegChoice& choice = {}) {
  REQUIRE(pixels.size() == static_cast<std::size_t>(width * height * channels));
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = channels;
  info.in_color_space = choice.space;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, choice.quality, TRUE);
  if (choice.progressive) jpeg_simple_progression(&info);
  for (int i = 0; i < info.num_components; ++i) info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  if (choice.orientation > 0) {
    const std::string data = std::string("Exif\0\0", 6) + exif(choice.orientation);
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(data.data()), data.size());
  }
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPLE*>(reinterpret_cast<const JSAMPLE*>(pixels.data())) +
                std::size_t(info.next_scanline) * width * channels;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string bytes(reinterpret_cast<const char*>(memory), size);
  jpeg_destroy_compress(&info);
  std::free(memory);
  return bytes;
}

}  // namespace gradus::test

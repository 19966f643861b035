// Tiny data sets as the files that people have: IDX, plain or gzip'ed.
#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>
#include <initializer_list>

#include "tests/files.h"

namespace gradus::test {

/// The head of an IDX file: 0, 0, the type (8: bytes), the number of axes, and the extents, most significant byte first.
inline std::string idx_header(std::initializer_list<std::uint32_t> extents, char type = 8) {
  std::string bytes{0, 0, type, static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents)
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(extent >> shift);
  return bytes;
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// An IDX file of that many images.
inline std::string idx_images(std::uint32_t count, std::uint32_t height, std::uint32_t width) {
  std::string bytes = idx_header({count, height, width});
  for (std::uint32_t i = 0; i < count * height * width; ++i) bytes += static_cast<char>(i * i * 7 % 256);
  return bytes;
}

/// A folder of 40 + 10 images under MNIST's names.
inline void put_images(const std::filesystem::path& folder, std::uint32_t height, std::uint32_t width) {
  std::filesystem::create_directories(folder);
  put(folder / "train-images-idx3-ubyte", idx_images(40, height, width));
  put(folder / "t10k-images-idx3-ubyte", idx_images(10, height, width));
}

}  // namespace gradus::test

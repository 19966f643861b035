// One picture, out of a PNG or JPEG file: its pixels as a viewer would show them, and the part of them that is wanted in
// the size that is wanted.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "tensor/conv.h"

namespace GRADUS {

/// Pixels as bytes, row-major (height, width, channels). One channel: grey; three: red, green, blue.
struct Picture {
  std::int64_t height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels{};
};

/// How a picture is to be turned to stand upright, as EXIF numbers it: 1 to 8, as it is to a quarter turn.
struct Orientation {
  bool mirrored = false;     // left for right, first
  bool upside_down = false;  // then top for bottom
  bool transposed = false;   // rows for columns, last
};

/// A picture as it lies in its file, and how it is to be turned.
struct Decoded {
  Picture picture;
  Orientation orientation{};
};

/// What the bytes of a file are told to be by how they begin.
bool is_png(std::string_view bytes);
bool is_jpeg(std::string_view bytes);

/// A picture of 8 or 16 bits, grey, in colour or by palette, interlaced or not; what is transparent lies on white.
/// `name` is that of the file, for errors. Error for what is damaged, ends early, or has more pixels than 2^26 or than
/// its bytes can hold, before memory is taken for them.
Decoded decode_png(std::string_view bytes, const std::filesystem::path& name);
/// Likewise, baseline or progressive, grey or in colour; what is made for printing (CMYK) is refused.
Decoded decode_jpeg(std::string_view bytes, const std::filesystem::path& name);

/// How EXIF data (a TIFF header and its entries) say that a picture is to be turned; not at all when they do not say it.
Orientation read_exif(std::string_view tiff);

/// The largest part of the size's aspect, from the middle, resampled to that size: each pixel is the mean over the area
/// that it covers, rounded. Exact, and so the same everywhere.
Picture fit(const Picture& picture, const Pair& size);
Picture turn(const Picture& picture, const Orientation& orientation);

/// The picture in a file, upright and of that size. Error naming the file when it is neither PNG nor JPEG, or damaged.
Picture read_picture(const std::filesystem::path& path, const Pair& size);

}  // namespace GRADUS

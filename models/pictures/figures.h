// Pictures of images: grids and before-and-after pairs, written as 8-bit PNG files, grey or coloured.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "models/minibatch.h"

namespace GRADUS {

/// A picture: 0 dark to 255 bright, row-major (height, width, channels); 1 channel is grey, 3 are red, green and blue.
struct Canvas {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
  std::int64_t channels = 1;
};

/// `count` images, (count, channels, height, width) in [0, 1] (outside is clamped, NaN is black), from left to right in
/// rows of `columns`, with thin lines between them, enlarged by the whole factor that suits a screen.
Canvas grid(std::span<const Real> images, std::int64_t count, const SampleShape& image, std::int64_t columns);

/// Error when grid() would refuse such images, for they make too large a picture, or have neither 1 nor 3 channels.
void check_grid(std::int64_t count, const SampleShape& image, std::int64_t columns);

/// Rows of `columns` originals, each row with its reconstructions beneath it. Both as for a grid.
Canvas pairs(std::span<const Real> originals, std::span<const Real> reconstructions, std::int64_t count,
             const SampleShape& image, std::int64_t columns);

/// What is to be seen of numbers that were scaled to mean 0 and deviation 1: grey is 0, black and white two deviations.
void as_grey(std::vector<Real>& images);

/// `canvas` as the bytes of a PNG file.
std::string png_bytes(const Canvas& canvas);
/// Writes `canvas` to `path`: whole or not at all (a temporary file beside it takes the name when it is complete and
/// on the disk). Error when the path cannot be written or is not a place for a regular file.
void write_png(const std::filesystem::path& path, const Canvas& canvas);

}  // namespace GRADUS

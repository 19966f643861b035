// Pictures of images: grids and before-and-after pairs, written as 8-bit grey PNG files.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace GRADUS {

/// A grey picture: 0 black to 255 white, row-major (height, width).
struct Canvas {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};

/// `count` images, (count, height, width) in [0, 1] (outside is clamped, NaN is black), from left to right in rows of
/// `columns`, with thin lines between them, enlarged by the whole factor that suits a screen.
Canvas grid(std::span<const Real> images, std::int64_t count, std::int64_t height, std::int64_t width,
            std::int64_t columns);

/// Error when grid() would refuse such images, for they make too large a picture.
void check_grid(std::int64_t count, std::int64_t height, std::int64_t width, std::int64_t columns);

/// Rows of `columns` originals, each row with its reconstructions beneath it. Both (count, height, width) in [0, 1].
Canvas pairs(std::span<const Real> originals, std::span<const Real> reconstructions, std::int64_t count,
             std::int64_t height, std::int64_t width, std::int64_t columns);

/// Writes `canvas` to `path`: whole or not at all (a temporary file beside it takes the name when it is complete and
/// on the disk). Error when the path cannot be written or is not a place for a regular file.
void write_png(const std::filesystem::path& path, const Canvas& canvas);

}  // namespace GRADUS

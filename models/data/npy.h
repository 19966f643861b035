// The .npy format, in which NumPy saves an array: a magic string and a version, a header that is the text of a Python
// dictionary, then the numbers back to back. Read strictly: little-endian, versions 1 to 3, C or Fortran order.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html describes it.
#pragma once

#include <filesystem>
#include <variant>
#include <vector>

#include "tensor/shape.h"

namespace GRADUS {

/// N samples, at least one: (N, D), or images (N, H, W) or (N, H, W, C). Row-major, whatever the order in the file.
struct NpyArray {
  Shape shape;
  std::variant<std::vector<std::uint8_t>, std::vector<float>, std::vector<double>> values;
};

/// Error naming the file when it does not follow the format to the letter, holds elements of another type or an array
/// of other axes, or a number that is NaN or infinite, which is named by its place. Takes as much memory as the file is
/// long, and none before the header and the file's length agree.
NpyArray read_npy(const std::filesystem::path& path);

/// Writes version 1.0 in C order, any shape; whole or not at all (nn/files/atomic_file.h). Error when there are not as
/// many values as the shape says.
void write_npy(const std::filesystem::path& path, const NpyArray& array);

}  // namespace GRADUS

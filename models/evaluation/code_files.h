// Codes as files, for other programs and back: arrays of NumPy, tables, and what the embedding projector reads
// (https://projector.tensorflow.org).
#pragma once

#include <filesystem>

#include "models/data/dataset.h"
#include "tensor/tensor.h"

namespace GRADUS {

/// By the path's ending. .npy: an array (N, Z). .csv: columns z0, z1, …, and before them label where images have some.
/// .tsv: numbers alone, and beside it what tells the projector of them: NAME-metadata.tsv, the labels, if any;
/// NAME-sprite.png, the images in a square, unless these are no pictures or it were wider than 8,192 pixels; and
/// NAME-config.json, which names all of them. Each is written whole or not at all, the codes last.
void write_codes(const std::filesystem::path& path, const Tensor& codes, const Images& images);

struct CodeFile {
  Tensor codes;      // (N, Z)
  Indices labels{};  // (N), where a table has a column of that name that holds whole numbers; or none
};
/// Reads a .npy array or a .csv table of Z columns z0, z1, … Error naming the file when it cannot be read, or holds codes
/// of other dimensions.
CodeFile read_codes(const std::filesystem::path& path, std::int64_t Z);

}  // namespace GRADUS

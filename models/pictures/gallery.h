// Images in rows, perhaps with a word before each row: what verbs show, as a picture or as numbers.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/training/config.h"

namespace GRADUS {

struct Gallery {
  std::vector<Real> images{};  // (n, D), as the model sees them
  std::int64_t columns = 1;
  struct Row {
    std::string name{};  // in the letters of lettering.h
    bool faded = false;
  };
  std::vector<Row> rows{};  // one for each row, or none
};

/// What a gallery can be written as: .png, .svg, .npy and .csv; of tables .npy and .csv.
std::vector<std::string> gallery_endings(const Config& config);
/// Error where write_gallery would refuse so many images, for they make too large a picture.
void check_gallery(const std::filesystem::path& path, const Config& config, std::int64_t count, std::int64_t columns);

/// Writes by the path's ending, whole or not at all. .png; .svg, the same with its words as text; .npy, an array (n, D),
/// (n, H, W) or (n, H, W, 3) in the data's own units, pixels in [0, 1]; .csv, a row for each, under the names of a table's
/// columns, or else pixel0, pixel1, …
void write_gallery(const std::filesystem::path& path, const Config& config, const Gallery& gallery);

/// Numbers (n, D) as the model sees them in the units of the data that it was trained on.
std::vector<Real> in_own_units(const Config& config, std::vector<Real> numbers);

}  // namespace GRADUS

// Images as rows of a table, as Kaggle gives MNIST away: train.csv with a label and 784 pixels in each row.
#pragma once

#include <filesystem>

#include "models/data/dataset.h"

namespace GRADUS {

/// Whether a .csv file is one of square images: its header is "label", which may be missing, and then pixel0, pixel1, …
/// or pixel1, pixel2, … or 1x1, 1x2, … to a square. Error when the file cannot be read.
bool is_pixel_table(const std::filesystem::path& path);

/// Error naming file, line and column where a pixel or a label is not a whole number from 0 to 255.
Images read_pixel_table(const std::filesystem::path& path);

}  // namespace GRADUS

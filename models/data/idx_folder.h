// A folder of IDX files: which of them are a data set, under the names that archives give them.
#pragma once

#include <optional>
#include <string>

#include "models/data/dataset.h"

namespace GRADUS {

enum class Split { train, test };

/// Whether there are images of either split, as load_idx_images would find them. What cannot be looked into has none.
bool has_idx_images(const std::string& where);

/// `where` is a folder of IDX files under MNIST's names: train-images-idx3-ubyte, train-labels-idx1-ubyte,
/// t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; or under EMNIST's, emnist-letters-train-images-idx3-ubyte,
/// emnist-letters-test-images-idx3-ubyte and so on, where the folder may end in the name of one of several sets:
/// FOLDER/emnist-letters. Plain or gzip'ed, with or without .gz, also written train-images.idx3-ubyte, also inside a folder
/// of that name; in the folder itself or in raw, gzip or NAME/raw below it. Files of coloured images, of four axes, may be
/// called idx4-ubyte as well. Labels may be missing.
///
/// Only the files of the split that is asked for are looked at, and how many images, pixels and labels there are is
/// compared before memory is taken for them. Error naming the file when one is unreadable or malformed, does not fit the
/// others, or has not the shape that images must have once transposed.
Images load_idx_images(const std::string& where, Split split, bool transposed,
                       const std::optional<SampleShape>& size = {});
/// Both splits, whose images are of one shape.
Dataset load_idx_dataset(const std::string& where, bool transposed);

}  // namespace GRADUS

// Where images come from: which files of a folder are a data set, under the names that archives give them.
#pragma once

#include <optional>
#include <string>

#include "models/data/dataset.h"

namespace GRADUS {

enum class Split { train, test };

/// How images are to be taken from a place.
struct Taking {
  bool transposed = false;            // rows for columns: EMNIST's files hold every image lying on its side
  std::optional<SampleShape> size{};  // what they must be once transposed
};

/// "digits" for the generated digits (models/data/digits.h), else a folder of IDX files under MNIST's names:
/// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; or under EMNIST's,
/// emnist-letters-train-images-idx3-ubyte, emnist-letters-test-images-idx3-ubyte and so on, where the folder may end in
/// the name of one of several sets: FOLDER/emnist-letters. Plain or gzip'ed, with or without .gz, also written
/// train-images.idx3-ubyte, also inside a folder of that name; in the folder itself or in raw, gzip or NAME/raw below
/// it. Files of coloured images, of four axes, may be called idx4-ubyte as well. Labels may be missing.
///
/// Only the files of the split that is asked for are looked at, and how many images, pixels and labels there are is
/// compared before memory is taken for them. Error naming the file when one is unreadable or malformed, or does not fit
/// the others.
Images load_images(const std::string& where, Split split, const Taking& taking = {});
/// Both splits, whose images are of one shape.
Dataset load_dataset(const std::string& where, const Taking& taking = {});

}  // namespace GRADUS

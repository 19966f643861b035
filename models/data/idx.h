// The IDX format, in which MNIST and its kin are published: a magic number with element type and rank, big-endian
// extents, then the elements. Read strictly, from plain or gzip'ed files (told apart by content, not by name).
#pragma once

#include <filesystem>
#include <vector>

#include "models/data/dataset.h"

namespace GRADUS {

/// The images of one file, without labels, named after it. Error naming the file and what is wrong when it is not
/// exactly a header of rank 3 and the unsigned bytes that it announces.
Images read_idx_images(const std::filesystem::path& path);

/// The labels of one file: rank 1, unsigned bytes. Errors as above.
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path);

}  // namespace GRADUS

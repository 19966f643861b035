// A folder of pictures, and what its sub-folders call them.
#pragma once

#include "models/data/picture.h"

namespace GRADUS {

/// The pictures of a folder, not read yet: PNG and JPEG by the endings of their names, sorted, either all in it or all
/// in its sub-folders, whose names are then their labels. Names that begin with a dot are passed over.
struct PictureList {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> classes{};  // names of sub-folders, sorted; or none
  std::vector<std::int32_t> labels{};  // of each file its class; or none
  std::int64_t others = 0;             // files that are no pictures by their names, which are passed over
};
/// Error when there are none, when there are some in the folder and some below it, or when a sub-folder has folders.
PictureList list_pictures(const std::filesystem::path& folder);
/// Whether a name ends as those of pictures do: .png, .jpg, .jpeg, in any case.
bool is_picture_name(const std::filesystem::path& path);
/// Whether there are pictures, in the folder or one below it. What cannot be looked into has none.
bool has_pictures(const std::filesystem::path& folder);

/// All pictures upright and of one size, as bytes (count, height, width, channels): one channel when all of them are
/// grey, otherwise three.
struct Pictures {
  std::int64_t count = 0, height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels{};
};
/// Reads them one by one, several at a time; the same for any number of threads. Error for the first in the list that
/// cannot be read.
Pictures read_pictures(const PictureList& list, const Pair& size);

}  // namespace GRADUS

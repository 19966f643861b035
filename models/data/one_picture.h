// One picture file as the only image of a set.
#pragma once

#include <filesystem>

#include "models/data/dataset.h"

namespace GRADUS {

/// The picture, cut and resampled to the size of `shape`, in its channels: of a coloured one a grey model sees the
/// luminance (0.299 red, 0.587 green, 0.114 blue, rounded), of a grey one a coloured model three times the same. Error
/// naming the file when it is neither PNG nor JPEG, or damaged.
Images one_picture(const std::filesystem::path& file, const SampleShape& shape);

}  // namespace GRADUS

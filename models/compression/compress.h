// Images to blocks and back, on all threads: what a block becomes depends on its images alone.
#pragma once

#include <functional>

#include "models/compression/bits_back.h"
#include "models/compression/file.h"
#include "models/data/bits.h"

namespace GRADUS {

/// Called with the number of images done so far, by one thread at a time.
using Done = std::function<void(std::int64_t images)>;

/// The images as the model is shown them: those of a run that draws bits as 0 and 255, drawn as test images are, once and
/// for all; others as they are.
///
/// SettingError when they are no bytes, or grey and the model's likelihood is of bits. Error when they are none, or not of
/// the size that the model takes.
CompressedImages compress(const BitsBack& model, const Images& images, const Shown& shown, const Done& done);

/// (count, channels, height, width), as they were. Error when another model has written them, or a block does not end
/// where it began.
std::vector<std::uint8_t> decompress(const BitsBack& model, const CompressedImages& images, const Done& done);

}  // namespace GRADUS

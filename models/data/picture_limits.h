// How large a picture may be that a file announces: asked before memory is taken for its pixels.
#pragma once

#include <filesystem>

#include "nn/files/quote.h"
#include "tensor/check.h"

namespace GRADUS {

inline constexpr std::int64_t kMostPixels = 1 << 26;

/// Error when there are more pixels than kMostPixels, or than the file's bytes can hold, which `can_hold` is asked only
/// then.
void check_picture(const std::filesystem::path& name, std::int64_t height, std::int64_t width, auto&& can_hold) {
  check(height > 0 && width > 0 && height <= kMostPixels / width,
        "[picture] {} has {} x {} pixels; {} are the most\nhelp: make it smaller first", quote(name.native()), height,
        width, kMostPixels);
  check(can_hold(), "[picture] {} is too short for the {} x {} pixels that it announces", quote(name.native()), height,
        width);
}

}  // namespace GRADUS

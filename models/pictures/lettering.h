// A few words on a picture of pixels: digits, small letters and a point, of 5 x 7 pixels each.
#pragma once

#include <string_view>

#include "models/pictures/figures.h"

namespace GRADUS {

inline constexpr std::int64_t kLetterWidth = 6, kLetterHeight = 7;  // the room between letters included

/// Writes from (left, top) on, each pixel a square of `factor`; what lies outside of the picture, and letters that are not
/// known, leave no trace.
void write_words(Canvas& canvas, std::int64_t left, std::int64_t top, std::string_view words, std::uint8_t shade,
                 std::int64_t factor);

}  // namespace GRADUS

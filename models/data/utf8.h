// Text from outside: where its characters begin and end, and whether it is UTF-8 at all (RFC 3629).
#pragma once

#include <string_view>

#include "tensor/real.h"

namespace GRADUS {

/// How many bytes the first character of `text` has; 0 where no character of UTF-8 begins: bytes that follow none, are cut
/// off, write a character longer than it need be, one above U+10FFFF, or a surrogate.
constexpr std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool outside = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0) ||
                       (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90);
  return outside ? 0 : length;
}

}  // namespace GRADUS

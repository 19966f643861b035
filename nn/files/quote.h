// Text from outside (file names, names inside files, arguments) made safe to print.
#pragma once

#include <string>
#include <string_view>

#include "tensor/real.h"

namespace GRADUS {

/// `text` in double quotes. What could steer a terminal or hide text (control characters, marks that turn the
/// writing direction, invalid UTF-8) is shown byte by byte in hexadecimal, as C would write it, and a backslash or
/// double quote with a backslash before it. After 200 bytes comes "…".
std::string quote(std::string_view text);

/// The path of a file as a word to be typed into a shell: as it is, 'in quotes', or in quotes after a dollar sign
/// where it holds what `quote` spells out. Never shortened.
std::string shell_path(std::string_view path);

}  // namespace GRADUS

// Text from outside (file names, names inside files, arguments) made safe to print.
#pragma once

#include <string>
#include <string_view>

#include "tensor/real.h"

namespace gradus::inline GRADUS_FLAVOUR {

/// `text` in double quotes. What could steer a terminal or hide text (control characters, marks that turn the
/// writing direction, invalid UTF-8) is shown as \xNN per byte, and \ and " as \\ and \". After 200 bytes comes "…".
std::string quote(std::string_view text);

}  // namespace gradus::inline GRADUS_FLAVOUR

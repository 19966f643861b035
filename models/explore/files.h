// The page's own files as the build embeds them (cmake/embed.cmake): page.html, page.css and the scripts, one after the
// other.
#pragma once

#include <string_view>

#include "tensor/real.h"

namespace GRADUS::explore_files {

extern const std::string_view kPage, kStyle, kScript;
/// SHA-256 in hexadecimal, of the bytes above.
extern const std::string_view kStyleHash, kScriptHash;

}  // namespace GRADUS::explore_files

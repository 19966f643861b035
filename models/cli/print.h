// The standard output, where a failure must not end a training.
#pragma once

#include <string_view>

#include "tensor/real.h"

namespace GRADUS {

/// Writes at once. That a reader has gone away (`| head -1`) stops nobody; for other failures see below.
void print(std::string_view text);
/// Whether something could not be written though somebody was reading (a full disk).
bool printing_failed();

}  // namespace GRADUS

// What `vae --version` says.
#pragma once

#include <string>

#include "tensor/real.h"

namespace GRADUS {

/// "vae 0.2.0 (float, avx512), 2 threads\n"
std::string version_text();
/// "vae 0.2.0 (float, avx512)"
std::string program_version();

}  // namespace GRADUS

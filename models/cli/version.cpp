#include "models/cli/version.h"

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace GRADUS {

std::string program_version() {
  const std::string made_for = flavour;  // "f32_avx512"
  return fmt::format("vae {} ({}, {})", GRADUS_VERSION, sizeof(Real) == 8 ? "double" : "float",
                     made_for.substr(made_for.find('_') + 1));
}

std::string version_text() {
  return fmt::format("{}, {} {}\n", program_version(), threads(), threads() == 1 ? "thread" : "threads");
}

}  // namespace GRADUS

#include "models/cli/version.h"

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace GRADUS {

std::string version_text() {
  const std::string made_for = flavour;  // "f32_avx512"
  return fmt::format("vae {} ({}, {}), {} {}\n", GRADUS_VERSION, sizeof(Real) == 8 ? "double" : "float",
                     made_for.substr(made_for.find('_') + 1), threads(), threads() == 1 ? "thread" : "threads");
}

}  // namespace GRADUS

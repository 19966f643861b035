#include "models/cli/print.h"

#include <cerrno>
#include <cstdio>

namespace GRADUS {

static bool failed = false;

void print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  failed |= !written && errno != EPIPE;
}

bool printing_failed() { return failed; }

}  // namespace GRADUS

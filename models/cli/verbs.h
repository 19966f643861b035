// What `vae` can do: its verbs and their options. What each does stands in models/cli/commands.h.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "tensor/real.h"

namespace gradus::inline GRADUS_FLAVOUR {

/// Carries out one command line (without the program's name) and prints what it finds. False when `stop` became true
/// and a training was saved before its end. UsageError, NumericError, Error as they come.
bool run_command(const std::vector<std::string>& arguments, const std::atomic<bool>& stop);

}  // namespace gradus::inline GRADUS_FLAVOUR

// What `vae` can do: its verbs and their options. What each does stands in models/cli/commands.h.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

/// A signal's request that the program end.
struct StopRequest {
  std::atomic<bool> made = false;
  std::atomic<bool> heeded = false;  // by what is under way: it ends in order, and need not be ended
};

/// Carries out one command line, `arguments` without the program itself, which is started by typing `command`, and
/// prints what it finds. False when a stop was requested
/// and a training was saved before its end. UsageError, NumericError, Error as they come.
bool run_command(const std::string& command, const std::vector<std::string>& arguments, StopRequest& stop);

}  // namespace GRADUS

// What `vae` can do: its verbs, one file each in models/cli/verbs/.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "tensor/check.h"

namespace GRADUS {

class CommandLine;

/// A check that was asked for has failed: exit code 1.
class CheckFailed : public Error {
 public:
  using Error::Error;
};

/// A signal's request that the program end.
struct StopRequest {
  std::atomic<bool> made = false;
  std::atomic<bool> heeded = false;  // by what is under way: it ends in order, and need not be ended
};

/// What a verb may want to know beside its settings.
struct Call {
  const std::string& command;  // what is typed to start the program, for sentences that say how to go on
  const CommandLine& line;     // all verbs and their options
  const StopRequest& stop;
};

/// Carries out one command line, `arguments` without the program itself, which is started by typing `command`, and
/// prints what it finds. False when a stop was requested and a training was saved before its end. UsageError,
/// NumericError, Error as they come.
bool run_command(const std::string& command, const std::vector<std::string>& arguments, StopRequest& stop);

}  // namespace GRADUS

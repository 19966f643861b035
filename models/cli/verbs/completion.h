// vae completion: what a shell needs to complete command lines of vae.
#pragma once

#include "models/cli/command_line.h"
#include "models/cli/print.h"
#include "models/cli/run_command.h"
#include "models/settings.h"
#include "nn/files/quote.h"

namespace GRADUS {

struct CompletionVerb {
  static constexpr const char* kName = "completion";
  static constexpr const char* kHelp = "Prints what makes a shell complete the verbs and options of vae.";
  static constexpr const char* kExamples = "Example:\n  source <({0} completion bash)";

  std::string shell;

  void settings(auto&& is) { is.argument("SHELL", shell, "bash"); }
  void operator()(const Call& call) const {
    if (shell != "bash") throw UsageError(fmt::format("SHELL must be bash, not {}", quote(shell)));
    print(bash_completion(call.line));
  }
  static std::string bash_completion(const CommandLine& line);
};

}  // namespace GRADUS

// vae info: what a run is and how far it came.
#pragma once

#include "models/cli/print.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

/// "epochs            20", a line for each setting.
std::string setting_lines(const Config& config);

struct InfoVerb {
  static constexpr const char* kName = "info";
  static constexpr const char* kHelp = "Tells what a run is and how far it came.";

  RunOption run;

  void settings(auto&& is) { run.settings(is); }
  void operator()(const Call&) const { print(text_of(open(run))); }
  static std::string text_of(const Opened& opened);
};

}  // namespace GRADUS

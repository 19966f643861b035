// vae evaluate: the bound on the test images.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct EvaluateVerb {
  static constexpr const char* kName = "evaluate";
  static constexpr const char* kHelp = "Measures the bound on the test images.";

  RunOption run;
  OtherData data;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    data.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

// vae evaluate: the bound on the test images, and on request a tighter one.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct EvaluateVerb {
  static constexpr const char* kName = "evaluate";
  static constexpr const char* kHelp = "Measures the bound on the test images.";

  RunOption run;
  OtherData data;
  std::int64_t draws = 0;
  std::string json;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    data.settings(is);
    is("importance", draws, IntegerRange{0, 5000}, "draws for each image of an importance-sampled estimate; 0: none");
    is("json", json, "a file for the numbers (default: none)");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

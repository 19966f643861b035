// vae resume: goes on with a training.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct ResumeVerb {
  static constexpr const char* kName = "resume";
  static constexpr const char* kHelp = "Goes on with a training that was stopped, or makes it longer.";

  RunOption run;
  std::optional<std::int64_t> epochs{};
  std::string data;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.argument(is);
    is("epochs", epochs, Config::kEpochs, "passes over the training images in all; by default as it was begun");
    is("data", data, "where the run's data is now, if it was moved");
    threads.settings(is);
  }
  bool operator()(const Call& call) const;
};

}  // namespace GRADUS

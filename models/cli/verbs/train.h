// vae train: a new model.
#pragma once

#include "models/cli/command_line.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct TrainVerb {
  static constexpr const char* kName = "train";
  static constexpr const char* kHelp = "Trains a new model.";
  static constexpr const char* kExamples =
      "Examples:\n"
      "  {0} train                                the default model on generated digits\n"
      "  {0} train --data mnist --epochs 10       on a folder of IDX files\n"
      "  {0} train --hidden 400 --activation relu --init fan-in --batch-size 128\n"
      "  {0} train --config runs/1/config.json --seed 1";

  Config config;
  std::string defaults, out;
  ThreadsOption threads;
  bool likelihood_named = false;  // on the line, or by another run's settings

  void settings(auto&& is) {
    config.settings(is);
    is.section("Run");
    is("config", defaults, "the config.json of another run, whose settings are the defaults");
    is("out", out, "folder for the results, new or empty (default: the next of runs/1, runs/2, …)");
    threads.settings(is);
  }
  /// Takes the defaults from another run's settings, if the line names them.
  void prepare(const Given& given);
  bool operator()(const Call& call);
};

}  // namespace GRADUS

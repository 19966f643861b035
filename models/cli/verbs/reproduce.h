// vae reproduce: a published figure, made again.
#pragma once

#include "models/cli/command_line.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct ReproduceVerb {
  static constexpr const char* kName = "reproduce";
  static constexpr const char* kHelp = "Makes a published figure again, by its recipe.";
  static constexpr const char* kExamples =
      "Examples:\n"
      "  {0} reproduce --list                             the recipes, and what they arrived at\n"
      "  {0} reproduce vae-short --data mnist             run one\n"
      "  {0} reproduce rbm-16 --data mnist --log models/recipes/rbm-16.json";

  std::string name, data, out, log, logs = "models/recipes";
  bool list = false, markdown = false;
  std::uint64_t seed = 0;
  ThreadsOption threads;

  void settings(auto&& is) {
    is.argument("[NAME]", name, "of a recipe");
    is("list", list, "the recipes, and which of them were run, met and missed");
    is("markdown", markdown, "that list as a table for a README");
    is("logs", logs, "folder of the logs that the list is made from");
    is("data", data, "folder of the recipe's data (default: its name, as mnist)");
    is("seed", seed, "of the run");
    is("out", out, "folder for the run (default: runs/NAME-SEED)");
    is("log", log, "a file NAME.json for what it arrived at, beside what other seeds did (default: none)");
    threads.settings(is);
  }
  /// False when it was stopped.
  bool operator()(const Call& call) const;
};

}  // namespace GRADUS

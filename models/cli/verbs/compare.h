// vae compare: runs side by side, as far as their numbers were made the same way.
#pragma once

#include "models/cli/command_line.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct CompareVerb {
  static constexpr const char* kName = "compare";
  static constexpr const char* kHelp = "Puts the numbers of runs side by side.";
  static constexpr const char* kExamples =
      "Examples:\n"
      "  {0} compare runs/1 runs/2                test numbers and curves of two runs\n"
      "  {0} evaluate runs/1 --json 1.json        numbers of an evaluation …\n"
      "  {0} compare 1.json 2.json                … side by side";

  std::string first, out = "compare.svg";
  bool anyway = false;
  std::vector<std::string> names{};  // first and those that follow it

  void settings(auto&& is) {
    is.argument("RUN…", first, "folders of runs, or files that evaluate wrote with --json");
    is("anyway", anyway, "print numbers that were made differently, each by itself");
    is("out", out, "the chart of the runs' curves, an .svg file");
  }
  void prepare(const Given& given) { names = given.arguments; }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

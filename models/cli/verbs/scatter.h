// vae scatter: where the codes of images lie.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct ScatterVerb {
  static constexpr const char* kName = "scatter";
  static constexpr const char* kHelp = "Shows where the codes of images lie, coloured by label.";
  static constexpr const char* kExamples = "Example:\n  {0} scatter runs/1 --out codes.svg";

  RunOption run;
  ChosenData data;
  std::string label_column, out;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    data.settings(is);
    is("label_column", label_column, "of a table, the column of labels (default: the run's, if it has one)");
    is("out", out,
       "an .svg picture of both dimensions, or of the two principal components; or these as\n"
       "a .npy array or a .csv table (default: scatter.svg in RUN)");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

// vae evaluate: what a model is worth on the test images, and how that was found.
#pragma once

#include "models/cli/command_line.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct EvaluateVerb {
  static constexpr const char* kName = "evaluate";
  static constexpr const char* kHelp = "Measures the bound, log p(x) and the code on the test images.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} evaluate first --importance 5000 --json first.json\n"
                                           "  {0} evaluate first --importance 0 --per-sample first.csv";

  RunOption run;
  OtherData data;
  std::int64_t draws = 500;
  bool draws_asked = false;  // on the line
  std::string json, per_sample, out;
  ThreadsOption threads;

  void prepare(const Given& given);
  void settings(auto&& is) {
    run.settings(is);
    data.settings(is);
    is("importance", draws, IntegerRange{0, 5000},
       "draws for each image of the importance-sampled log p(x); 0: it is left out.\n"
       "Codes without importance weights do without it");
    is("json", json, "a file for the numbers and their protocol (default: none)");
    is("per_sample", per_sample, "a .csv table of the numbers of every image (default: none)");
    is("out", out, "the picture, an .svg (default: evaluation.svg in RUN)");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

// vae explain: looks inside one step of training.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct ExplainVerb {
  static constexpr const char* kName = "explain";
  static constexpr const char* kHelp = "Looks inside one step: every op, its gradient, its time and its memory.";

  RunOption run;
  std::int64_t step = 1;
  OtherData data;
  std::string html, dot;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("step", step, IntegerRange{1, 1'000'000'000},
       "which: the first is on the first batch of the test images, by the\n"
       "weights of the checkpoint, the second on the next");
    data.settings(is);
    is("html", html, "a file for the step as a page to click through");
    is("dot", dot, "a file for its graph, as Graphviz reads it");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

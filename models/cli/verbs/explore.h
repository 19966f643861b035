// vae explore: a page to play with a trained model in.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct ExploreVerb {
  static constexpr const char* kName = "explore";
  static constexpr const char* kHelp = "Makes a page of a trained model, to play with in a browser.";

  RunOption run;
  std::string out, data;
  bool small = false;
  std::uint64_t seed = 0;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("out", out,
       "the page, one file that needs nothing else\n"
       "(default: explore.html in RUN)");
    is("data", data,
       "other data, of any kind that `train` takes, whose training images\n"
       "make the map of codes (default: the run's own)");
    is("small", small, "weights of 8 bits each in place of 16: half as large, pictures some grey levels off");
    is("seed", seed, "of which images are shown");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

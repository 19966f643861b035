// vae selftest: the program's estimators on a model of which everything is known exactly.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"

namespace GRADUS {

struct SelftestVerb {
  static constexpr const char* kName = "selftest";
  static constexpr const char* kHelp = "Checks every estimator on a model whose exact numbers are known.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} selftest\n"
                                           "  {0} selftest --seed 7    other weights, data and noise";

  std::uint64_t seed = 0;
  ThreadsOption threads;

  void settings(auto&& is) {
    is("seed", seed, "of the weights, the data and all noise");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

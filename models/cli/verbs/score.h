// vae score: which images are unlike those that the model was trained on.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct ScoreVerb {
  static constexpr const char* kName = "score";
  static constexpr const char* kHelp = "Scores how unusual images are, and tells how well that finds anomalies.";
  static constexpr const char* kExamples =
      "Examples:\n"
      "  {0} train --data mnist --without 9 --out no9\n"
      "  {0} score no9 mnist --normal 0-8 --out scores.csv\n"
      "  {0} score runs/1 machines.csv --label-column broken --normal no --out scores.csv";

  RunOption run;
  ChosenData data;
  std::string out, normal, label_column;
  std::optional<std::int64_t> draws{};
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    data.argument(is);
    is("out", out,
       "a .csv table of the scores of each image (default: scores.csv in RUN). Beside it\n"
       "stand the histograms, NAME-histogram.svg, and the most and the least normal images,\n"
       "NAME-extremes.png");
    is("normal", normal,
       "labels that are normal, as 0-8 or cat,dog: all others are to be found (default:\n"
       "those trained on, by `classes` and `without`; of two labels, the first)");
    is("label_column", label_column, "of a table, the column of labels");
    is("importance", draws, IntegerRange{0, 5000},
       "draws for each image of the score by importance-sampled log-likelihood; 0: none\n"
       "(default: 20, or none where draws have no price of their own)");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

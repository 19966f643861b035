// metrics.csv: what the epochs of a run arrived at.
#pragma once

#include "models/evaluation/evaluate.h"
#include "models/training/run.h"

namespace GRADUS {

/// A row of it.
struct EpochMetrics {
  std::int64_t epoch = 0;  // from 1
  double train_elbo = 0;
  Evaluation test;
  double seconds = 0;
};
/// "1,-134.3112,…" and the end of the line.
std::string csv_row(const EpochMetrics& metrics);

/// The table as far as `epochs` go: a run killed before its checkpoint may have left a row too many. The heading alone
/// when there is no file. Error, here and below, naming file and line when it is not as trainings write it: the epochs in
/// order, every number as it was printed.
std::string read_metrics(const Run& run, std::int64_t epochs);
/// The bounds of training and test after that epoch, as a line of text; nothing when the table does not tell them.
std::string bound_after(std::int64_t epoch, const Run& run);

}  // namespace GRADUS

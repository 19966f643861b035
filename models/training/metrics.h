// metrics.csv: what the epochs of a run arrived at.
#pragma once

#include "models/evaluation/evaluate.h"
#include "models/training/run.h"

namespace GRADUS {

/// A row of it.
struct EpochMetrics {
  std::int64_t epoch = 0;  // from 1
  Evaluation train{}, test{};
  double seconds = 0;
  std::optional<Objective::Weights> weights{};  // of the epoch's last step, where they change
  std::optional<double> active_units{};         // on the first 2000 test images, of codes that have a q(z|x)
  std::optional<double> gradient_norm{};        // the mean over the epoch's steps 1, 17, 33, …, before it is clipped
};

/// "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds", and behind these what the configuration adds: beta or
/// capacity where they change in the course of a training, and an autoencoder's train_log_likelihood; at the end
/// "active_units,gradient_norm".
std::string csv_heading(const Config& config);
/// "1,-134.3112,…" and the end of the line. What an autoencoder does not have is left empty.
std::string csv_row(const Config& config, const EpochMetrics& metrics);

/// The table as far as `epochs` go: a run killed before its checkpoint may have left a row too many. The heading alone
/// when there is no file. Error, here and below, naming file and line when it is not as trainings write it: the epochs in
/// order, every number as it was printed. Tables from before there were active units and gradient norms are given them,
/// empty.
std::string read_metrics(const Run& run, const Config& config, std::int64_t epochs);
/// The columns of such a table by name, NaN for an empty cell.
std::map<std::string, std::vector<double>> columns_in(const std::string& table);
/// What that epoch arrived at in training and test, as a line of text; nothing when the table does not tell it.
std::string bound_after(std::int64_t epoch, const Run& run, const Config& config);

}  // namespace GRADUS

// What each verb of `vae` does, once its options are read.
#pragma once

#include <atomic>

#include "models/run.h"

namespace GRADUS {

/// What the options are read into; each verb uses its own part.
struct Options {
  std::string command = "vae";  // as it is to be typed, for sentences that say how to go on
  Config config;
  std::vector<std::int64_t> hidden;  // empty: the widths that the network has by default
  std::string run;                   // an existing run's folder
  std::string out;                   // the new run's folder, or a picture; empty: the default
  std::string data;                  // of an existing run; empty: where it was
  std::optional<bool> transpose;     // of other data; nothing: as the run's own
  std::string checkpoint = "last";
  std::int64_t epochs = 0;          // to resume to; 0: as configured
  std::int64_t images = kPictured;  // to sample
  std::int64_t reconstructions = 10;
  std::uint64_t seed = 0;
};

/// Trains a new model, or goes on with one, and says what was left where. False when `stop` became true and the
/// training was saved before its end.
bool train(Options& options, const std::atomic<bool>& stop);
bool resume(const Options& options, const std::atomic<bool>& stop);
/// Draw pictures.
void sample(const Options& options);
void reconstruct(const Options& options);
/// Print what they find.
void evaluate_run(const Options& options);
void info(const Options& options);

}  // namespace GRADUS

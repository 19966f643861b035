// How a number was made. Two numbers stand side by side only where all of this is the same.
#pragma once

#include "models/training/config.h"

namespace GRADUS {

struct Protocol {
  std::string data;          // the fingerprint of the samples trained on, and how their numbers are scaled
  std::string binarization;  // "none", "static", "dynamic"
  std::string split;         // the fingerprint of the samples measured on, and how many of the others were held out
  std::string likelihood;    // its name and settings, and what its logarithm measures
  std::string estimator;     // "ELBO", "importance sampling", "reconstruction"
  std::int64_t draws = 1;    // K, of each sample
  std::string checkpoint;    // "last", "best", "epoch-10"; of averaged weights

  void parts(auto&& visit) const {  // and their names, as they stand in the JSON of an evaluation
    visit("data", data);
    visit("binarization", binarization);
    visit("split", split);
    visit("likelihood", likelihood);
    visit("estimator", estimator);
    visit("draws", draws);
    visit("checkpoint", checkpoint);
  }
  friend bool operator==(const Protocol&, const Protocol&) = default;
};

inline constexpr const char* kElbo = "ELBO";
inline constexpr const char* kImportance = "importance sampling";
inline constexpr const char* kReconstruction = "reconstruction";

/// Of a number that was measured on `test` (a fingerprint), of a model of that configuration in that checkpoint.
Protocol protocol_of(const Config& config, const std::string& test, const std::string& estimator, std::int64_t draws,
                     const std::string& checkpoint);

/// `binarization: "none" and "dynamic"`, a line for each part in which they differ.
std::vector<std::string> differences(const Protocol& one, const Protocol& other);

/// The object "protocol" of an evaluation's JSON.
std::string to_json(const Protocol& protocol);
/// Error when it is none.
Protocol protocol_from_json(const std::string& text);

}  // namespace GRADUS

// Numbers of several models, side by side where they were made the same way.
#pragma once

#include <map>

#include "models/evaluation/protocol.h"
#include "models/training/run_folder.h"

namespace GRADUS {

/// What is known of a model, from the folder of its run or from the JSON of an evaluation.
struct Measured {
  std::string name;
  Protocol protocol;
  std::map<std::string, double> numbers{};              // by their names in that JSON
  std::map<std::string, std::vector<double>> curves{};  // the columns of metrics.csv, of a run
};

/// A run's numbers after its last epoch, as metrics.csv tells them. Error when no epoch is done.
Measured measured_run(const Run& run);
/// Error naming the file when it is not the JSON of an evaluation.
Measured measured_json(const std::filesystem::path& file);

/// "runs/1 and runs/2 differ in binarization: "none" and "dynamic"", a line for each part and each that differs from the
/// first; empty when all were measured the same way.
std::string how_they_differ(std::span<const Measured> models);
/// A row for each, a column for each number that one of them has, and the protocol beneath. Error when they differ.
std::string side_by_side(std::span<const Measured> models);
/// Each with its own protocol.
std::string apart(std::span<const Measured> models);
/// The runs' curves as SVG: in one panel for each column, or, apart, in one for each run. Empty when there are none.
std::string compared_curves(std::span<const Measured> models, bool apart);

}  // namespace GRADUS

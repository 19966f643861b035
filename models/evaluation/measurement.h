// All that is measured of a run, with the protocol by which it was: no number leaves here without how it was made.
#pragma once

#include <functional>

#include "models/evaluation/active_units.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/importance.h"
#include "models/evaluation/mmd.h"
#include "models/evaluation/protocol.h"

namespace GRADUS {

struct Measurement {
  Evaluation bound;
  std::optional<Importance> importance{};
  std::optional<ActiveUnits> units{};
  std::optional<Discrepancy> gap{};  // between aggregate posterior and prior
  std::optional<double> bits_per_dimension{}, importance_bits_per_dimension{};
  std::vector<double> squared_errors{};  // of every image
  std::int64_t images = 0;
  Protocol protocol{};
  std::vector<std::pair<std::string, std::string>> further{};  // what else tells how it was made, by name

  double mean_squared_error() const;  // of a pixel
};

/// What measuring is to know beside the model and its configuration.
struct Measuring {
  std::string data;  // where it is
  std::string checkpoint, progress;
  std::string program;
  std::int64_t draws = 500;  // of the importance-sampled estimate; 0: none. None where draws have no price
};
/// `progress` is called with how many images are done, while importance sampling is under way.
Measurement measure(
    const Config& config, const Vae& vae, const Images& images, const Measuring& what,
    const std::function<void(std::int64_t done)>& progress = [](std::int64_t) {});

/// As a JSON object: the numbers by name, null for what a model does not have, and "protocol".
std::string json_of(const Measurement& found);
/// A heading and a row for each image; empty cells for what a model does not have.
std::string table_of(const Measurement& found, const Images& images);
/// An SVG of three panels: the KL divergence by dimension, how far each moves, and the curve over draws.
std::string picture_of(const Measurement& found);

}  // namespace GRADUS

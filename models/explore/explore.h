// The page of a run: its model, running in the browser, over a map of codes; one file that fetches nothing.
#pragma once

#include "models/data/dataset.h"
#include "models/explore/numbers.h"
#include "models/training/config.h"
#include "models/vae.h"

namespace GRADUS {

/// What the page shows beside the model.
struct Exhibit {
  std::string title;       // what the run is called; shown literally, like all text
  std::string protocol;    // lines of text
  std::string metrics;     // metrics.csv
  std::uint64_t seed = 0;  // of which images are taken, and of the codes of its random button
  PackedNumbers::Type weights = PackedNumbers::Type::f16;
};

/// Error when the model's samples are no images, its decoder does not list its steps, or its likelihood is one that the
/// page does not know; NumericError when codes are not finite. Without an encoder that lists its steps the page has none
/// either, and nothing can be drawn in it.
std::string explore_page(const Vae& vae, const Config& config, const Images& images, const Exhibit& exhibit);

}  // namespace GRADUS

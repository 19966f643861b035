// What numbers a setting may be: of an optimiser, on the command line, in config.json.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "tensor/check.h"

namespace GRADUS {

/// Whole numbers, bounds included.
struct IntegerRange {
  std::int64_t min, max;

  bool contains(std::int64_t value) const { return min <= value && value <= max; }
};

/// "a whole number from 1 to 256"
std::string to_string(const IntegerRange& range);

/// Real numbers, bounds included unless it says otherwise.
struct RealRange {
  double min = std::numeric_limits<double>::lowest();
  double max = std::numeric_limits<double>::max();
  bool above_min = false;  // the lower bound itself does not belong
  bool below_max = false;  // the upper bound itself does not belong

  bool contains(double value) const {
    return (above_min ? value > min : value >= min) && (below_max ? value < max : value <= max);
  }
};
/// "a number above 0", "a number from 0 to 1", …
std::string to_string(const RealRange& range);

}  // namespace GRADUS

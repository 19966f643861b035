#include "nn/range.h"

namespace GRADUS {

std::string to_string(const IntegerRange& range) {
  return fmt::format("a whole number from {} to {}", range.min, range.max);
}

std::string to_string(const RealRange& range) {
  const bool bounded = range.max < std::numeric_limits<double>::max();
  if (range.min == std::numeric_limits<double>::lowest())
    return bounded ? fmt::format("a number of at most {}", range.max) : "a finite number";
  if (range.above_min)
    return bounded ? fmt::format("a number above {} and at most {}", range.min, range.max)
                   : fmt::format("a number above {}", range.min);
  return bounded ? fmt::format("a number from {} to {}{}", range.min, range.below_max ? "below " : "", range.max)
                 : fmt::format("a number of at least {}", range.min);
}

}  // namespace GRADUS

// Points in the plane as SVG, coloured by class, with axes and a legend.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

struct Scatter {
  std::string title, across, up;              // for those who hear it read; what the axes are
  std::vector<std::array<double, 2>> points;  // finite
  std::vector<std::uint8_t> classes{};        // of each point, or none
  std::vector<std::string> names{};           // of classes 0, 1, …; empty: their numbers
};

/// The same numbers make the same bytes everywhere. Error when there are no points, or not as many classes.
std::string scatter_svg(const Scatter& scatter);

}  // namespace GRADUS

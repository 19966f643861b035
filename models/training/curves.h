// curves.svg: metrics.csv to be looked at.
#pragma once

#include <string>

#include "models/pictures/chart.h"

namespace GRADUS {

/// The table of a training as a chart: the bound and its parts by epoch, the code's active units, the gradient's norm and
/// what else changes, a panel each for as many as have numbers.
std::string curves(const std::string& table);

/// One of these panels, out of the columns of several tables or one: what it is called, and the columns that it shows.
struct CurvesPanel {
  const char *title, *unit;
  std::vector<std::pair<const char*, const char*>> columns;  // in metrics.csv, and in the legend
};
std::vector<CurvesPanel> curves_panels();

}  // namespace GRADUS

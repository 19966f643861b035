// Charts as SVG files: lines and bars in panels, with axes, rounded numbers and a legend. The same numbers make the same
// bytes everywhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

/// Points from left to right, of the same number of x and y. A point that is not finite leaves a gap.
struct Series {
  std::string name;  // for the legend; empty: none
  std::vector<double> x, y;
};

struct Panel {
  std::string title;
  std::string across, up;  // what the axes count, with units
  std::vector<Series> series;
  bool bars = false;   // from 0, in place of lines
  bool log_x = false;  // powers of ten across; what is not positive leaves a gap
};

/// The panels side by side in rows of `columns`, as one SVG picture; `title` is for those who hear it read. More than 500
/// points of a line are thinned out, its last point kept. Error when a series has more or fewer x than y.
std::string chart(const std::string& title, std::span<const Panel> panels, std::size_t columns = 2);

}  // namespace GRADUS

#include "models/pictures/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/pictures/axis.h"
#include "tensor/check.h"

namespace GRADUS {

constexpr double kSide = 560, kLeft = 62, kTop = 18, kBottom = 48, kLegend = 130;
constexpr std::size_t kNamed = 26;  // classes that the legend has room for

/// Ten that are told apart well (Tableau's), and more, evenly round the circle.
static std::string colour(std::size_t which, std::size_t count) {
  constexpr const char* kColours[] = {"#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f",
                                      "#b6992d", "#b07aa1", "#ff9da7", "#9c755f", "#79706e"};
  if (count <= std::size(kColours)) return kColours[which];
  return fmt::format("hsl({},65%,{}%)", 360 * which / count, which % 2 == 0 ? 42 : 60);
}

std::string scatter_svg(const Scatter& scatter) {
  const std::size_t n = scatter.points.size();
  check(n > 0 && (scatter.classes.empty() || scatter.classes.size() == n), "[scatter] {} points and {} classes", n,
        scatter.classes.size());
  std::vector<double> xs, ys;
  for (const auto& [x, y] : scatter.points) xs.push_back(x), ys.push_back(y);
  const Axis across(xs, false), up(ys, false);
  const auto at_x = [&](double x) { return kLeft + 8 + (kSide - 16) * across.share(x); };
  const auto at_y = [&](double y) { return kTop + 8 + (kSide - 16) * (1 - up.share(y)); };
  const std::size_t count = scatter.classes.empty() ? 1 : std::size_t{1} + *std::ranges::max_element(scatter.classes);
  const double width = kLeft + kSide + (scatter.classes.empty() ? 18 : kLegend), height = kTop + kSide + kBottom;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\">\n<title>{2}</title>\n"
      "<style>text{{font:13px sans-serif;fill:#333}}.m{{text-anchor:middle}}.e{{text-anchor:end}}"
      ".g{{stroke:#e6e6e6;fill:none}}.p{{fill:none;stroke-width:4;stroke-linecap:round;opacity:.7}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, escaped(scatter.title));
  const auto text = [&](double x, double y, const char* kind, const std::string& words) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, kind, escaped(words));
  };
  for (const double mark : across.marks) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}v{:.1f}\" class=\"g\"/>\n", at_x(mark), kTop, kSide);
    text(at_x(mark), kTop + kSide + 18, "m", axis_number(mark));
  }
  for (const double mark : up.marks) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}h{:.1f}\" class=\"g\"/>\n", kLeft, at_y(mark), kSide);
    text(kLeft - 7, at_y(mark) + 4, "e", axis_number(mark));
  }
  text(kLeft + kSide / 2, height - 8, "m", scatter.across);
  out += fmt::format("<text transform=\"translate(15 {:.1f}) rotate(-90)\" class=\"m\">{}</text>\n", kTop + kSide / 2,
                     escaped(scatter.up));
  double legend = kTop + 16;
  std::size_t named = 0;
  for (std::size_t which = 0; which < count; ++which) {
    std::string path;
    for (std::size_t i = 0; i < n; ++i)
      if (scatter.classes.empty() || scatter.classes[i] == which)
        path += fmt::format("M{:.1f} {:.1f}h0", at_x(scatter.points[i][0]), at_y(scatter.points[i][1]));
    if (path.empty()) continue;
    out += fmt::format("<path class=\"p\" stroke=\"{}\" d=\"{}\"/>\n", colour(which, count), path);
    if (scatter.classes.empty() || named++ >= kNamed) continue;
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"/>\n", kLeft + kSide + 18, legend - 4,
                       colour(which, count));
    text(kLeft + kSide + 30, legend, "s", which < scatter.names.size() ? scatter.names[which] : fmt::to_string(which));
    legend += 21;
  }
  if (named > kNamed) text(kLeft + kSide + 30, legend, "s", fmt::format("and {} more", named - kNamed));
  return out + "</svg>\n";
}

}  // namespace GRADUS

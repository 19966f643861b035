#include "models/pictures/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/pictures/axis.h"
#include "tensor/check.h"

namespace GRADUS {

namespace {

constexpr double kWidth = 460, kHeight = 290;                          // of a panel
constexpr double kLeft = 66, kRight = 18, kTop = 52, kBottom = 44;     // its margins
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73",   // told apart by whoever sees few colours:
                                    "#cc79a7", "#e69f00", "#56b4e9"};  // Okabe, Ito 2008

/// Which points of a line are drawn.
std::vector<std::size_t> thinned(std::size_t points) {
  constexpr std::size_t kMost = 500;
  const std::size_t every = (points + kMost - 1) / kMost;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < points; i += every) kept.push_back(i);
  if (!kept.empty() && kept.back() + 1 != points) kept.push_back(points - 1);
  return kept;
}

std::string panel_text(const Panel& panel) {
  const double width = kWidth - kLeft - kRight, height = kHeight - kTop - kBottom;
  std::vector<double> xs, ys;
  for (const Series& series : panel.series) {
    check(series.x.size() == series.y.size(), "[chart] {} places for {} numbers", series.x.size(), series.y.size());
    for (std::size_t i = 0; i < series.x.size(); ++i)
      if (std::isfinite(series.y[i])) {
        xs.push_back(panel.log_x ? std::log10(series.x[i]) : series.x[i]);
        ys.push_back(series.y[i]);
      }
  }
  Axis across(xs, false);
  const Axis up(ys, panel.bars);
  if (panel.bars) across.low -= 0.5, across.high += 0.5;
  const auto at_x = [&](double x) { return kLeft + width * across.share(panel.log_x ? std::log10(x) : x); };
  const auto at_y = [&](double y) { return kTop + height * (1 - up.share(y)); };
  std::string out;
  const auto text = [&](double x, double y, const char* kind, const std::string& words) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, kind, escaped(words));
  };
  const auto line = [&](double x1, double y1, double x2, double y2) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" class=\"g\"/>\n", x1, y1, x2, y2);
  };
  text(kLeft, 18, "t", panel.title);
  for (const double mark : up.marks) {
    line(kLeft, at_y(mark), kLeft + width, at_y(mark));
    text(kLeft - 6, at_y(mark) + 4, "e", axis_number(mark));
  }
  for (const double mark : across.marks) {
    const double value = panel.log_x ? std::pow(10, mark) : mark, x = kLeft + width * across.share(mark);
    line(x, kTop + height, x, kTop + height + 4);
    text(x, kTop + height + 17, "m", axis_number(value));
  }
  text(kLeft + width / 2, kHeight - 8, "m", panel.across);
  out += fmt::format("<text transform=\"translate(13 {:.1f}) rotate(-90)\" class=\"m\">{}</text>\n", kTop + height / 2,
                     escaped(panel.up));
  double legend = kLeft;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const Series& series = panel.series[s];
    const char* colour = kColours[s % std::size(kColours)];
    if (!series.name.empty()) {
      out += fmt::format("<rect x=\"{:.1f}\" y=\"30\" width=\"14\" height=\"4\" fill=\"{}\"/>\n", legend, colour);
      text(legend + 19, 37, "s", series.name);
      legend += 34 + 6.6 * static_cast<double>(series.name.size());
    }
    std::string path;
    bool pen_down = false;
    std::size_t drawn = 0;
    for (const std::size_t i : thinned(panel.bars ? 0 : series.x.size())) {
      const double x = at_x(series.x[i]), y = at_y(series.y[i]);
      if (!std::isfinite(x) || !std::isfinite(y)) {
        pen_down = false;
        continue;
      }
      path += fmt::format("{}{:.1f} {:.1f}", pen_down ? 'L' : 'M', x, y);
      pen_down = true;
      if (++drawn == 1) path += "h.1";  // so that a single point is seen
    }
    if (!path.empty()) out += fmt::format("<path d=\"{}\" class=\"l\" stroke=\"{}\"/>\n", path, colour);
    if (!panel.bars) continue;
    const double wide = width / (across.high - across.low) * 0.8 / static_cast<double>(panel.series.size());
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      const double x =
          at_x(series.x[i]) + wide * (static_cast<double>(s) - static_cast<double>(panel.series.size()) / 2);
      const double y = at_y(series.y[i]), zero = at_y(0);
      if (std::isfinite(x) && std::isfinite(y))
        out += fmt::format("<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\" fill=\"{}\"/>\n", x,
                           std::min(y, zero), wide, std::abs(zero - y), colour);
    }
  }
  return out;
}

}  // namespace

std::string chart(const std::string& title, std::span<const Panel> panels, std::size_t columns) {
  columns = std::max<std::size_t>(1, std::min(columns, panels.size()));
  const std::size_t rows = (panels.size() + columns - 1) / columns;
  const double width = kWidth * static_cast<double>(columns), height = kHeight * static_cast<double>(rows);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "role=\"img\">\n<title>{2}</title>\n"
      "<style>text{{font:12px sans-serif;fill:#333}}.t{{font-size:14px;font-weight:bold}}.m{{text-anchor:middle}}"
      ".e{{text-anchor:end}}.g{{stroke:#ddd;fill:none}}.l{{fill:none;stroke-width:2;stroke-linejoin:round;"
      "stroke-linecap:round}}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      width, height, escaped(title));
  for (std::size_t p = 0; p < panels.size(); ++p)
    out +=
        fmt::format("<g transform=\"translate({:.0f} {:.0f})\">\n{}</g>\n", kWidth * static_cast<double>(p % columns),
                    kHeight * static_cast<double>(p / columns), panel_text(panels[p]));
  return out + "</svg>\n";
}

}  // namespace GRADUS

// A picture of lines, boxes and words, as the lessons draw it: an SVG file with its numbers rounded, so that the same
// picture has the same bytes everywhere.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <string>

namespace study {

class Svg {
 public:
  Svg(int width, int height, const std::string& title) {
    text_ = fmt::format(R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" height="{}">
<title>{}</title>
<style>text{{font:14px sans-serif;fill:#222}}.s{{font-size:12px;fill:#666}}.m{{text-anchor:middle}}.e{{text-anchor:end}}</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0L8,4L0,8z" fill="#555"/></marker></defs>
<rect width="{}" height="{}" fill="#fff"/>
)svg",
                        width, height, width, height, title, width, height);
  }
  Svg& box(double x, double y, double w, double h, const std::string& fill = "#f3efe6") {
    return add(R"svg(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="4" fill="{}" stroke="#999"/>)svg",
               x, y, w, h, fill);
  }
  /// `kind`: s small, m centred, e ending at x.
  Svg& text(double x, double y, const std::string& words, const std::string& kind = "") {
    return add(R"svg(<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>)svg", x, y, kind, words);
  }
  /// The same, turned about its beginning.
  Svg& turned(double x, double y, const std::string& words, const std::string& kind, int degrees = 60) {
    return add(R"svg(<text x="{:.1f}" y="{:.1f}" class="{}" transform="rotate({} {:.1f} {:.1f})">{}</text>)svg", x, y,
               kind, degrees, x, y, words);
  }
  Svg& line(double x1, double y1, double x2, double y2, const std::string& colour = "#bbb", double width = 1) {
    return add(R"svg(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{:.1f}"/>)svg", x1,
               y1, x2, y2, colour, width);
  }
  Svg& arrow(double x1, double y1, double x2, double y2, const std::string& colour = "#555") {
    return add(
        R"svg(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="1.5" marker-end="url(#a)"/>)svg",
        x1, y1, x2, y2, colour);
  }
  /// An arrow that bends: by way of (cx, cy).
  Svg& bent(double x1, double y1, double cx, double cy, double x2, double y2, const std::string& colour = "#555") {
    return add(
        R"svg(<path d="M{:.1f},{:.1f} Q{:.1f},{:.1f} {:.1f},{:.1f}" fill="none" stroke="{}" stroke-width="1.5" marker-end="url(#a)"/>)svg",
        x1, y1, cx, cy, x2, y2, colour);
  }
  Svg& dot(double x, double y, const std::string& colour = "#b5442a") {
    return add(R"svg(<circle cx="{:.1f}" cy="{:.1f}" r="3.5" fill="{}"/>)svg", x, y, colour);
  }
  void save(const std::string& path) const { std::ofstream(path) << text_ << "</svg>\n"; }

 private:
  template <class... Args>
  Svg& add(fmt::format_string<const Args&...> line, const Args&... args) {
    text_ += fmt::format(line, args...) + "\n";
    return *this;
  }
  std::string text_;
};

}  // namespace study

// The axis of a chart: what it spans and where its marks stand; and text as SVG takes it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "models/data/utf8.h"

namespace GRADUS {

/// Text inside of an SVG picture. What is not UTF-8, as names of folders may be, becomes U+FFFD byte by byte, for one such
/// byte makes a file that no viewer opens; what controls a terminal goes.
inline std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const char c = text[0];
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (c == '<' || c == '>' || c == '&' || c == '"')
      out += fmt::format("&#{};", static_cast<int>(c));
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

/// What an axis spans, and where its marks stand: at multiples of 1, 2 or 5 times a power of ten.
struct Axis {
  double low = 0, high = 1;
  std::vector<double> marks{};

  explicit Axis(std::vector<double> numbers, bool from_zero) {
    std::erase_if(numbers, [](double x) { return !std::isfinite(x); });
    if (from_zero) numbers.push_back(0);
    if (!numbers.empty()) low = std::ranges::min(numbers), high = std::ranges::max(numbers);
    // Equal numbers, or ones too close to be told apart, stand in the middle.
    if (!(high - low > 1e-9 * std::max(std::abs(low), std::abs(high)))) {
      const double room = low == 0 ? 1 : 0.05 * std::abs(low);
      low -= room, high += room;
    }
    const double rough = (high - low) / 5, power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double nice : {5., 2., 1.})
      if (nice * power >= rough) step = nice * power;
    for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) marks.push_back(i * step);
  }
  double share(double x) const { return (x - low) / (high - low); }
};

/// What stands beside a mark.
inline std::string axis_number(double x) { return fmt::format("{:.6g}", x == 0 ? 0 : x); }

}  // namespace GRADUS

#include "models/data/units.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "nn/files/quote.h"

namespace GRADUS {

static std::vector<double> read_numbers(const char* setting, const std::string& text) {
  std::vector<double> numbers;
  const char *at = text.data(), *const end = at + text.size();
  while (at < end) {
    double number = 0;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || !std::isfinite(number) || (stop < end && *stop != ' '))
      throw SettingError(fmt::format("`{}` is not a list of numbers", setting));
    numbers.push_back(number);
    at = stop < end ? stop + 1 : end;
  }
  return numbers;
}

std::vector<std::string> Units::column_names() const {
  return names.empty() ? std::vector<std::string>() : read_record(names);
}

Scaling Units::scaling() const { return {read_numbers("scale_shift", shift), read_numbers("scale_factor", factor)}; }

void Units::check(const SampleShape& sample) const {
  const std::int64_t columns = sample.numel();
  const auto fits = [&](std::size_t size, std::initializer_list<std::int64_t> sizes) {
    return std::ranges::find(sizes, static_cast<std::int64_t>(size)) != sizes.end();
  };
  if (!fits(column_names().size(), {0, columns}))
    throw SettingError(fmt::format("`column_names` are not those of {} columns", columns));
  const auto [shifts, factors] = scaling();
  if (!fits(shifts.size(), {0, 1, columns}) || factors.size() != shifts.size())
    throw SettingError(fmt::format("`scale_shift` and `scale_factor` are not those of {} columns", columns));
  if (!std::ranges::all_of(factors, [](double factor) { return factor >= 0; }))
    throw SettingError("`scale_factor` has a number below 0");
}

Units units_of(const Images& images) {
  return {.names = to_record(images.columns),
          .shift = fmt::format("{}", fmt::join(images.scaling.shift, " ")),
          .factor = fmt::format("{}", fmt::join(images.scaling.factor, " "))};
}

std::string table_text(const Units& units, std::span<const Real> rows, const std::vector<std::string>& before) {
  const auto columns = static_cast<std::int64_t>(units.column_names().size());
  const Scaling scaling = units.scaling();
  std::string text = before.empty() ? units.names : fmt::format("{},{}", before[0], units.names);
  text += '\n';
  for (std::size_t at = 0, row = 1; at < rows.size(); at += static_cast<std::size_t>(columns), ++row) {
    if (!before.empty()) text += before[row] + ',';
    for (std::int64_t column = 0; column < columns; ++column)
      text += fmt::format("{}{}", column == 0 ? "" : ",",
                          static_cast<Real>(scaling.undone(rows[at + static_cast<std::size_t>(column)], column)));
    text += '\n';
  }
  return text;
}

}  // namespace GRADUS

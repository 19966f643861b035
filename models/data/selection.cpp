#include "models/data/selection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/files/quote.h"
#include "tensor/random.h"

namespace GRADUS {

template <class... Args>
[[noreturn]] static void refuse(fmt::format_string<const Args&...> message, const Args&... args) {
  throw SettingError(fmt::format(message, args...));
}

// ---- Lists as text --------------------------------------------------------------------------------------------------

std::vector<std::string> read_record(const std::string& text) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    std::string field;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) refuse("{} has a quote that is not closed", quote(text));
        if (text[at] == '"' && text.substr(at + 1, 1) != "\"") break;
        if (text[at] == '"') ++at;
        field += text[at];
      }
      ++at;
      if (at < text.size() && text[at] != ',') refuse("{} goes on after a closing quote", quote(text));
    } else {
      for (; at < text.size() && text[at] != ','; ++at) field += text[at];
    }
    fields.push_back(field);
  }
  return fields;
}

std::string to_record(const std::vector<std::string>& fields) {
  std::string record;
  for (const std::string& field : fields) {
    if (&field != fields.data()) record += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      record += field;
      continue;
    }
    record += '"';
    for (const char c : field) record += c == '"' ? "\"\"" : std::string(1, c);
    record += '"';
  }
  return record;
}

static bool read_whole(std::string_view text, std::int64_t& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size();
}

std::optional<Pair> Selection::picture_size() const {
  if (size.empty()) return std::nullopt;
  const std::size_t by = size.find('x');
  Pair read{0, 0};
  constexpr std::int64_t kMost = 4096;
  if (by == std::string::npos || !read_whole(size.substr(0, by), read.h) || !read_whole(size.substr(by + 1), read.w) ||
      std::min(read.h, read.w) < 1 || std::max(read.h, read.w) > kMost)
    refuse("`size` is a height and a width of 1 to {}, as 64x64, not {}", kMost, quote(size));
  return read;
}

std::vector<std::string> Selection::column_names() const {
  return columns.empty() ? std::vector<std::string>() : read_record(columns);
}

void Selection::check() const {
  (void)picture_size();
  (void)column_names();
}

// ---- By label -------------------------------------------------------------------------------------------------------

std::array<bool, 256> read_labels(const char* setting, const std::string& text, const Images& images) {
  if (images.labels.empty()) refuse("`{}` chooses by label, and {} has none", setting, quote(images.name));
  std::array<bool, 256> there{}, named{};
  for (const std::uint8_t label : images.labels) there[label] = true;
  const auto number_of = [&](std::string_view word) -> std::int64_t {
    const auto found = std::ranges::find(images.classes, word);
    std::int64_t number = -1;
    if (found != images.classes.end()) return found - images.classes.begin();
    return images.classes.empty() && read_whole(word, number) ? number : -1;
  };
  for (const std::string& word : read_record(text)) {
    const std::size_t to = word.find('-', 1);
    std::int64_t first = number_of(word), last = first;
    if (first < 0 && to != std::string::npos) {
      first = number_of(word.substr(0, to));
      last = number_of(word.substr(to + 1));
    }
    bool known = 0 <= first && first <= last && last < std::ssize(there);
    for (std::int64_t label = first; known && label <= last; ++label) {
      known = there[label];
      named[label] = true;
    }
    if (known) continue;
    std::vector<std::string> all;
    for (std::size_t label = 0; label < there.size(); ++label)
      if (there[label]) all.push_back(images.classes.empty() ? fmt::to_string(label) : quote(images.classes[label]));
    constexpr std::size_t kShown = 20;
    const bool cut = all.size() > kShown;
    if (cut) all.resize(kShown);
    refuse("`{}` names {}, and the labels of {} are {}{}", setting, quote(word), quote(images.name),
           fmt::format("{}", fmt::join(all, ", ")), cut ? ", …" : "");
  }
  return named;
}

void select(Images& images, const Selection& selection) {
  const bool by_label = !selection.classes.empty() || !selection.without.empty();
  std::array<bool, 256> wanted{};
  if (by_label) {
    wanted.fill(true);
    if (!selection.classes.empty()) wanted = read_labels("classes", selection.classes, images);
    if (!selection.without.empty()) {
      const std::array<bool, 256> unwanted = read_labels("without", selection.without, images);
      for (std::size_t label = 0; label < wanted.size(); ++label) wanted[label] = wanted[label] && !unwanted[label];
    }
  }
  std::vector<std::int64_t> rows;
  const std::int64_t most = selection.limit > 0 ? selection.limit : images.count;
  for (std::int64_t row = 0; row < images.count && std::ssize(rows) < most; ++row)
    if (!by_label || wanted[images.labels[row]]) rows.push_back(row);
  if (rows.empty()) refuse("`classes` and `without` leave nothing of {}", quote(images.name));
  if (std::ssize(rows) < images.count) keep(images, rows);
}

// ---- Held out -------------------------------------------------------------------------------------------------------

Dataset hold_out(Images all, double share) {
  if (all.count < 2) refuse("{} has one sample, and one is to be held out by `test`", quote(all.name));
  std::vector<std::int64_t> order(all.count);
  std::iota(order.begin(), order.end(), 0);
  // Fisher and Yates' shuffle, of which only the first `held` places are needed. The key is "held".
  const auto held = std::clamp<std::int64_t>(std::llround(share * static_cast<double>(all.count)), 1, all.count - 1);
  for (std::int64_t i = 0; i < held; ++i) {
    const auto counter = static_cast<std::uint32_t>(i);
    const std::array<std::uint32_t, 4> bits =
        philox({counter, static_cast<std::uint32_t>(i >> 32), 0, 0}, {0x68656c64, 0});
    const std::uint64_t draw = bits[0] | static_cast<std::uint64_t>(bits[1]) << 32;
    std::swap(order[i], order[i + static_cast<std::int64_t>(draw % static_cast<std::uint64_t>(all.count - i))]);
  }
  std::sort(order.begin(), order.begin() + held);
  std::sort(order.begin() + held, order.end());
  const auto rows = std::span<const std::int64_t>(order);
  Dataset data{.name = all.name, .train = {}, .test = copied(all, rows.first(held))};
  keep(all, rows.subspan(held));
  data.train = std::move(all);
  data.remarks.push_back(
      fmt::format("{} of {} samples are held out to be measured on (`test`)", held, data.train.count + held));
  return data;
}

// ---- Scale ----------------------------------------------------------------------------------------------------------

Scaling scaling_of(const Images& images, Scale scale) {
  const bool within = std::ranges::all_of(images.numbers, [](double x) { return 0 <= x && x <= 1; });
  if (scale == Scale::none || (scale == Scale::automatic && within)) return {};
  const std::int64_t size = images.pixels_per_image();
  const bool by_column = images.height == 1 && images.channels == 1;
  const std::int64_t columns = by_column ? size : 1;  // column i holds every columns-th number from the i-th
  const auto each = [&](std::int64_t column, auto&& see) {
    for (std::size_t at = column; at < images.numbers.size(); at += columns) see(images.numbers[at]);
  };
  Scaling scaling;
  for (std::int64_t column = 0; column < columns; ++column) {
    double shift = 0, factor = 0;
    if (scale == Scale::unit) {
      double low = std::numeric_limits<double>::infinity(), high = -low;
      each(column, [&](double x) { low = std::min(low, x), high = std::max(high, x); });
      shift = low;
      factor = high - low;
    } else {
      double n = 0, squares = 0;  // Welford 1962: exactly 0 for what is always the same
      each(column, [&](double x) {
        const double away = x - shift;
        shift += away / ++n;
        squares += away * (x - shift);
      });
      factor = std::sqrt(squares / n);
    }
    check(std::isfinite(shift) && std::isfinite(factor), "[data] the numbers of {} are too large to be scaled",
          by_column && !images.columns.empty() ? quote(images.columns[column]) : quote(images.name));
    scaling.shift.push_back(shift);
    scaling.factor.push_back(factor);
  }
  return scaling;
}

}  // namespace GRADUS

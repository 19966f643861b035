#include "models/cli/parse.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "nn/files/quote.h"

namespace GRADUS {

[[noreturn]] static void fail(std::string_view flag, std::string_view what, std::string_view text) {
  throw UsageError(fmt::format("{} must be {}, not {}", flag, what, quote(text)));
}

/// The value of all of `text`, or nothing.
template <class T>
static std::optional<T> whole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// "-0" is not how people count.
static bool counts(const std::optional<std::int64_t>& value, std::string_view text, const IntegerRange& range) {
  return value && range.contains(*value) && text[0] != '-';
}

std::int64_t parse_count(std::string_view text, std::string_view flag, const IntegerRange& range) {
  const auto value = whole<std::int64_t>(text);
  if (!counts(value, text, range)) fail(flag, to_string(range), text);
  return *value;
}

std::uint64_t parse_seed(std::string_view text, std::string_view flag) {
  const auto value = whole<std::uint64_t>(text);
  if (!value) fail(flag, fmt::format("a whole number from 0 to {}", std::numeric_limits<std::uint64_t>::max()), text);
  return *value;
}

double parse_real(std::string_view text, std::string_view flag, const RealRange& range) {
  const auto value = whole<double>(text);  // nothing for what double itself cannot hold
  if (!value || !std::isfinite(*value)) fail(flag, to_string(range), text);
  constexpr double kMost = std::numeric_limits<Real>::max();
  if (std::abs(*value) > kMost) fail(flag, fmt::format("at most {:.3g} in size", kMost), text);
  if (*value != 0 && static_cast<Real>(*value) == 0)
    fail(flag, "a number that is not too small to be told from 0", text);
  if (!range.contains(*value)) fail(flag, to_string(range), text);
  return *value;
}

std::vector<std::int64_t> parse_sizes(std::string_view text, std::string_view flag, const IntegerList& range) {
  std::vector<std::int64_t> sizes;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const auto size = whole<std::int64_t>(part);
    if (!counts(size, part, range.each) || sizes.size() == range.most)
      fail(flag,
           fmt::format("1 to {} whole numbers from {} to {} with commas between them", range.most, range.each.min,
                       range.each.max),
           text);
    sizes.push_back(*size);
    begin = end + 1;
  }
  return sizes;
}

std::size_t parse_choice(std::string_view text, std::string_view flag, std::span<const std::string_view> names) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end())
    throw UsageError(
        fmt::format("{} must be {}, not {}{}", flag, one_of(names), quote(text), did_you_mean(text, names)));
  return static_cast<std::size_t>(found - names.begin());
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour to make b of a
/// (restricted Damerau–Levenshtein distance).
static std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, previous, row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(previous, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

std::optional<std::string_view> nearest(std::string_view text, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 64;  // longer than any flag, and short enough to be compared at once
  if (text.size() > kLongest) return std::nullopt;
  std::size_t fewest = std::clamp<std::size_t>(text.size() / 3, 1, 2) + 1;
  std::optional<std::string_view> best;
  for (const std::string_view candidate : candidates) {
    // The start of a longer word is as good as one slip: --epoch, --batch.
    const bool begins = text.size() >= 3 && candidate.starts_with(text);
    const std::size_t distance = begins ? 1 : slips(text, candidate);
    if (distance < fewest) {
      fewest = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view text, std::span<const std::string_view> candidates) {
  const auto candidate = nearest(text, candidates);
  return candidate ? fmt::format("\nhelp: did you mean {}?", *candidate) : "";
}

std::string one_of(std::span<const std::string_view> names) {
  if (names.size() < 2) return names.empty() ? "" : std::string(names[0]);
  return fmt::format("{} or {}", fmt::join(names.first(names.size() - 1), ", "), names.back());
}

}  // namespace GRADUS

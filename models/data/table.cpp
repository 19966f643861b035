#include "models/data/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "models/data/csv.h"
#include "nn/files/quote.h"
#include "tensor/check.h"

namespace GRADUS {

namespace fs = std::filesystem;

static std::string_view trimmed(std::string_view field) {
  while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.remove_suffix(1);
  return field;
}

bool read_number(std::string_view field, double& value) {
  field = trimmed(field);
  if (field.starts_with('+') && !field.starts_with("+-")) field.remove_prefix(1);
  const auto [stop, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return !field.empty() && error != std::errc::invalid_argument && stop == field.data() + field.size();
}

static bool is_missing(std::string_view field) {
  field = trimmed(field);
  constexpr std::string_view kMissing[] = {"", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"};
  return std::ranges::find(kMissing, field) != std::end(kMissing);
}

namespace {

/// Reads a table whose first record has been read.
class TableReader {
 public:
  TableReader(CsvReader& csv, const TableChoice& choice) : csv_(csv), has_header_(true) {
    double number = 0;
    for (std::size_t i = 0; i < csv.size(); ++i) has_header_ = has_header_ && !read_number(csv[i], number);
    for (std::size_t i = 0; i < csv.size(); ++i)
      names_.push_back(has_header_ ? std::string(trimmed(csv[i])) : fmt::format("column_{}", i + 1));
    if (has_header_) check_names();
    if (!choice.label.empty()) label_ = find(choice.label);
    choose(choice.columns);
  }

  Table read() {
    for (const std::size_t column : chosen_) table_.columns.push_back(names_[column]);
    bool more = has_header_ ? csv_.next() : true;
    check(more, "[table] {} has a header and no rows", quote(csv_.path().native()));
    std::map<std::string, std::int32_t, std::less<>> classes;
    for (; more; more = csv_.next()) {
      ++table_.rows;
      for (const std::size_t column : chosen_) table_.values.push_back(value(column));
      if (!label_) continue;
      const std::string_view text = trimmed(csv_[*label_]);
      if (is_missing(text)) fail(*label_, "is missing");
      auto known = classes.find(text);
      if (known == classes.end()) known = classes.emplace(text, static_cast<std::int32_t>(classes.size())).first;
      table_.labels.push_back(known->second);
    }
    if (label_) sort_classes(classes);
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(std::size_t column, std::string_view problem) const {
    csv_.fail(fmt::format("(row {}): the value of {} {}", table_.rows, quote(names_[column]), problem));
  }

  void check_names() const {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < names_.size(); ++i)
      if (!names_[i].empty() && !seen.insert(names_[i]).second)
        csv_.fail(fmt::format("has two columns called {}", quote(names_[i])));
  }

  std::size_t find(const std::string& name) const {
    const auto found = std::ranges::find(names_, name);
    if (!name.empty() && found != names_.end()) return found - names_.begin();
    constexpr std::size_t kShown = 20;
    std::vector<std::string> shown;
    for (const std::string& each : names_) shown.push_back(quote(each));
    const bool cut = shown.size() > kShown;
    if (cut) shown.resize(kShown);
    throw Error(fmt::format("[table] {} has no column {}\nhelp: its columns are {}{}", quote(csv_.path().native()),
                            quote(name), fmt::join(shown, ", "), cut ? ", …" : ""));
  }

  void choose(const std::vector<std::string>& columns) {
    for (const std::string& name : columns) {
      const std::size_t column = find(name);
      check(std::ranges::find(chosen_, column) == chosen_.end(), "[table] the column {} is chosen twice", quote(name));
      check(!label_ || column != *label_, "[table] the column {} is chosen both as the label and as data", quote(name));
      chosen_.push_back(column);
    }
    for (std::size_t i = 0; columns.empty() && i < names_.size(); ++i) {
      if (label_ && i == *label_) continue;
      if (names_[i].empty())
        csv_.fail(
            fmt::format("gives column {} no name\nhelp: if it numbers the rows, leave it out by `columns`", i + 1));
      chosen_.push_back(i);
    }
    check(!chosen_.empty(), "[table] {} has no columns but the label", quote(csv_.path().native()));
  }

  double value(std::size_t column) const {
    const std::string_view field = csv_[column];
    double value = 0;
    if (is_missing(field)) fail(column, "is missing\nhelp: fill it in, or leave its row or column out");
    if (!read_number(field, value))
      fail(column, fmt::format("is not a number: {}\nhelp: {}", quote(field), advice(field)));
    // from_chars leaves what is too large or too small as it was: 0
    const bool beyond = value == 0 && field.find_first_of("123456789") < field.find_first_of("eE");
    if (!std::isfinite(value) || beyond)
      fail(column, fmt::format("is not finite, or beyond a double: {}", quote(field)));
    return value;
  }

  static const char* advice(std::string_view field) {
    if (field.find_first_of(";\t") != std::string_view::npos) return "fields are separated by commas";
    if (std::ranges::count(field, ',') == 1) return "write numbers with a decimal point";
    return "leave its column out by `columns`, or make it the label by `label_column`";
  }

  /// Labels in the order of what they are called.
  void sort_classes(const std::map<std::string, std::int32_t, std::less<>>& classes) {
    const auto whole = [](std::string_view text) -> std::optional<std::int64_t> {
      std::int64_t value = 0;
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
      return value;
    };
    std::vector<std::pair<std::string, std::int32_t>> order(classes.begin(), classes.end());
    if (std::ranges::all_of(order, [&](const auto& one) { return whole(one.first).has_value(); }))
      std::ranges::stable_sort(order, {}, [&](const auto& one) { return *whole(one.first); });
    std::vector<std::int32_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      place[order[i].second] = static_cast<std::int32_t>(i);
      table_.classes.push_back(order[i].first);
    }
    for (std::int32_t& label : table_.labels) label = place[label];
  }

  CsvReader& csv_;
  bool has_header_;
  std::vector<std::string> names_;  // of all columns
  std::optional<std::size_t> label_;
  std::vector<std::size_t> chosen_;
  Table table_;
};

}  // namespace

Table read_table(const fs::path& path, const TableChoice& choice) {
  CsvReader csv(path);
  check(csv.next(), "[table] {} holds nothing", quote(path.native()));
  return TableReader(csv, choice).read();
}

}  // namespace GRADUS

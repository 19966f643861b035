#include "models/training/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

struct Column {
  const char *name, *format;
  double (*value)(const EpochMetrics&);  // kNothing where there is none
};

std::vector<Column> columns_of(const Config& config) {
  std::vector<Column> columns{
      {"epoch", "{:.0f}", [](const EpochMetrics& m) { return static_cast<double>(m.epoch); }},
      {"train_elbo", "{:.4f}", [](const EpochMetrics& m) { return m.train.elbo().value_or(kNothing); }},
      {"test_elbo", "{:.4f}", [](const EpochMetrics& m) { return m.test.elbo().value_or(kNothing); }},
      {"test_log_likelihood", "{:.4f}", [](const EpochMetrics& m) { return m.test.log_likelihood; }},
      {"test_kl", "{:.4f}", [](const EpochMetrics& m) { return m.test.kl.value_or(kNothing); }},
      {"seconds", "{:.2f}", [](const EpochMetrics& m) { return m.seconds; }}};
  if (config.model.pricing() == Pricing::none)
    columns.push_back({"train_log_likelihood", "{:.4f}", [](const EpochMetrics& m) { return m.train.log_likelihood; }});
  if (config.objective.changes()) {
    if (config.objective.capacity > 0)
      columns.push_back({"capacity", "{:.6g}", [](const EpochMetrics& m) { return m.weights->capacity; }});
    else
      columns.push_back({"beta", "{:.6g}", [](const EpochMetrics& m) { return m.weights->beta; }});
  }
  columns.push_back(
      {"active_units", "{:.0f}", [](const EpochMetrics& m) { return m.active_units.value_or(kNothing); }});
  columns.push_back(
      {"gradient_norm", "{:.6g}", [](const EpochMetrics& m) { return m.gradient_norm.value_or(kNothing); }});
  return columns;
}

std::string cell(const Column& column, double value) {
  return std::isnan(value) ? "" : fmt::format(fmt::runtime(column.format), value);
}

}  // namespace

std::string csv_heading(const Config& config) {
  std::string text;
  for (const Column& column : columns_of(config)) text += fmt::format("{}{}", text.empty() ? "" : ",", column.name);
  return text;
}

std::string csv_row(const Config& config, const EpochMetrics& metrics) {
  std::string text;
  for (const Column& column : columns_of(config))
    text += fmt::format("{}{}", text.empty() ? "" : ",", cell(column, column.value(metrics)));
  return text + '\n';
}

namespace {

constexpr const char* kHelp = "help: without that file the run goes on, with a table that begins anew";

/// The numbers of a row, one for each column, kNothing for an empty cell. Nothing at all when they are not written as
/// csv_row writes them.
std::vector<double> numbers_of(std::string_view row, const std::vector<Column>& columns) {
  std::vector<double> numbers;
  for (const Column& column : columns) {
    if (!numbers.empty() && !(row.starts_with(',') && (row.remove_prefix(1), true))) return {};
    const std::string_view text = row.substr(0, row.find(','));
    double number = kNothing;
    if (!text.empty()) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size() || text != cell(column, number)) return {};
    }
    numbers.push_back(number);
    row.remove_prefix(text.size());
  }
  return row.empty() ? numbers : std::vector<double>{};
}

/// A row as it is read.
struct Row {
  std::int64_t epoch = 0;
  std::vector<double> numbers{};
};

/// What is wrong with a row that is to come after epoch `before`, or nothing.
std::string problem_of(std::string_view text, const Config& config, std::int64_t before, Row& row) {
  row.numbers = numbers_of(text, columns_of(config));
  if (row.numbers.empty()) return "is not a row as a training writes it";
  const std::vector<double>& n = row.numbers;
  if (!(n[0] >= 1 && n[0] <= static_cast<double>(Config::kEpochs.max)) ||
      (before > 0 && n[0] != static_cast<double>(before + 1)))
    return fmt::format("is of epoch {}, after one of epoch {}", n[0], before);
  row.epoch = static_cast<std::int64_t>(n[0]);
  bool fits = std::isfinite(n[3]) && n[5] >= 0;
  const std::size_t health = n.size() - 2;  // where active units begin, which may be empty as the norm may
  for (std::size_t i = 5; i < health; ++i) fits = fits && std::isfinite(n[i]);
  for (std::size_t i = health; i < n.size(); ++i)
    fits = fits && (std::isnan(n[i]) || (n[i] >= 0 && std::isfinite(n[i])));
  if (config.model.pricing() == Pricing::none) {
    fits = fits && std::isnan(n[1]) && std::isnan(n[2]) && std::isnan(n[4]);
  } else {
    const double sum = n[3] - n[4];
    constexpr double kRounding = 1.6e-4;  // three numbers, each to half of 1e-4
    fits = fits && std::isfinite(n[1]) && n[4] > -1e-3 && std::abs(n[2] - sum) <= kRounding + 1e-12 * std::abs(sum);
  }
  return fits ? "" : "tells numbers that do not fit each other";
}

/// Calls visit(row, text) for the rows of the table, if there is one. Error naming file and line for whatever no training
/// writes.
template <class Visit>
void for_each_row(const Run& run, const Config& config, const Visit& visit) {
  std::error_code error;
  if (!std::filesystem::exists(run.metrics(), error)) return;
  const std::string text = read_file(run.metrics(), 1 << 30);
  std::int64_t number = 0;
  Row row;
  // As it was before there were active units and gradient norms.
  constexpr std::string_view kHealth = ",active_units,gradient_norm";
  std::string old = csv_heading(config);
  old.resize(old.size() - kHealth.size());
  const bool older = std::string_view(text).substr(0, text.find('\n')) == old;
  for (std::string_view rest = text; !rest.empty() || number == 0;) {
    std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (older) line += number == 0 ? kHealth : ",,";
    const std::string problem = ++number > 1                  ? problem_of(line, config, row.epoch, row)
                                : line == csv_heading(config) ? ""
                                                              : "is not the heading of such a table";
    check(problem.empty(), "{} line {} {}: {}\n{}", quote(run.metrics().native()), number, problem, quote(line), kHelp);
    if (number > 1) visit(row, line);
  }
}

}  // namespace

std::string read_metrics(const Run& run, const Config& config, std::int64_t epochs) {
  std::string table = fmt::format("{}\n", csv_heading(config));
  std::int64_t last = epochs;  // as it is where there is no table
  for_each_row(run, config, [&](const Row& row, std::string_view text) {
    last = row.epoch;
    if (row.epoch <= epochs) table += fmt::format("{}\n", text);
  });
  check(last >= epochs, "{} ends with epoch {}, but {} are done\n{}", quote(run.metrics().native()), last, epochs,
        kHelp);
  return table;
}

std::map<std::string, std::vector<double>> columns_in(const std::string& table) {
  std::map<std::string, std::vector<double>> columns;
  std::vector<std::string> names;
  bool heading = true;
  for (std::string_view rest = table; !rest.empty(); heading = false) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    for (std::size_t i = 0; heading || i < names.size(); ++i) {
      const std::string_view text = line.substr(0, line.find(','));
      double number = kNothing;
      if (heading)
        names.emplace_back(text);
      else if (std::from_chars(text.data(), text.data() + text.size(), number); true)
        columns[names[i]].push_back(number);
      if (text.size() == line.size()) break;
      line.remove_prefix(text.size() + 1);
    }
  }
  return columns;
}

std::string bound_after(std::int64_t epoch, const Run& run, const Config& config) {
  std::string text;
  for_each_row(run, config, [&](const Row& row, std::string_view) {
    if (row.epoch != epoch) return;
    const std::vector<double>& n = row.numbers;
    text =
        config.model.pricing() == Pricing::none
            ? fmt::format("likelihood   after epoch {}: train {:.4f}, test {:.4f} nats per image\n", epoch, n[6], n[3])
            : fmt::format("bound        after epoch {}: train ELBO {:.4f}, test ELBO {:.4f} nats per image\n", epoch,
                          n[1], n[2]);
  });
  return text;
}

}  // namespace GRADUS

#include "models/training/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

constexpr std::string_view kHeading = "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds";

std::string csv_row(const EpochMetrics& metrics) {
  return fmt::format("{},{:.4f},{:.4f},{:.4f},{:.4f},{:.2f}\n", metrics.epoch, metrics.train_elbo, metrics.test.elbo(),
                     metrics.test.log_likelihood, metrics.test.kl, metrics.seconds);
}

constexpr const char* kHelp = "help: without that file the run goes on, with a table that begins anew";

/// The number that begins a row's rest, if it is written as csv_row writes it; what follows becomes the rest.
template <class T>
static bool take(std::string_view& rest, const char* format, T& number) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const std::string_view text = rest.substr(0, static_cast<std::size_t>(end - rest.data()));
  rest.remove_prefix(text.size());
  return error == std::errc() && text == fmt::format(fmt::runtime(format), number);
}

/// What is wrong with a row that is to come after `before`, or nothing.
static std::string problem_of(std::string_view row, std::int64_t before, std::int64_t& epoch, double (&bounds)[2]) {
  double parts[2], seconds = 0;  // log-likelihood and KL
  const auto comma = [&] { return row.starts_with(',') && (row.remove_prefix(1), true); };
  const bool whole = take(row, "{}", epoch) && comma() && take(row, "{:.4f}", bounds[0]) && comma() &&
                     take(row, "{:.4f}", bounds[1]) && comma() && take(row, "{:.4f}", parts[0]) && comma() &&
                     take(row, "{:.4f}", parts[1]) && comma() && take(row, "{:.2f}", seconds) && row.empty();
  if (!whole) return "is not a row as a training writes it";
  if (epoch < 1 || epoch > Config::kEpochs.max || (before > 0 && epoch != before + 1))
    return fmt::format("is of epoch {}, after one of epoch {}", epoch, before);
  const double sum = parts[0] - parts[1];
  constexpr double kRounding = 1.6e-4;  // three numbers, each to half of 1e-4
  const bool fits = std::isfinite(bounds[0]) && seconds >= 0 && std::isfinite(seconds) && parts[1] > -1e-3 &&
                    std::abs(bounds[1] - sum) <= kRounding + 1e-12 * std::abs(sum);
  return fits ? "" : "tells numbers that do not fit each other";
}

/// Calls visit(epoch, bounds of training and test, row) for the rows of the table, if there is one. Error naming file
/// and line for whatever no training writes.
template <class Visit>
static void for_each_row(const Run& run, const Visit& visit) {
  std::error_code error;
  if (!std::filesystem::exists(run.metrics(), error)) return;
  const std::string text = read_file(run.metrics(), 1 << 30);
  std::int64_t number = 0, epoch = 0;
  for (std::string_view rest = text; !rest.empty() || number == 0;) {
    const std::string_view row = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(row.size() + 1, rest.size()));
    double bounds[2];
    const std::string problem = ++number > 1      ? problem_of(row, std::exchange(epoch, 0), epoch, bounds)
                                : kHeading == row ? ""
                                                  : "is not the heading of such a table";
    check(problem.empty(), "{} line {} {}: {}\n{}", quote(run.metrics().native()), number, problem, quote(row), kHelp);
    if (number > 1) visit(epoch, bounds, row);
  }
}

std::string read_metrics(const Run& run, std::int64_t epochs) {
  std::string table = fmt::format("{}\n", kHeading);
  std::int64_t last = epochs;  // as it is where there is no table
  for_each_row(run, [&](std::int64_t epoch, const auto&, std::string_view row) {
    last = epoch;
    if (epoch <= epochs) table += fmt::format("{}\n", row);
  });
  check(last >= epochs, "{} ends with epoch {}, but {} are done\n{}", quote(run.metrics().native()), last, epochs,
        kHelp);
  return table;
}

std::string bound_after(std::int64_t epoch, const Run& run) {
  std::string text;
  for_each_row(run, [&](std::int64_t of, const auto& bounds, std::string_view) {
    if (of == epoch)
      text = fmt::format("bound        after epoch {}: train ELBO {:.4f}, test ELBO {:.4f} nats per image\n", epoch,
                         bounds[0], bounds[1]);
  });
  return text;
}

}  // namespace GRADUS

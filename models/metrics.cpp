#include "models/metrics.h"

#include <charconv>
#include <sstream>

#include "nn/files/input_file.h"

namespace GRADUS {

constexpr const char* kHeading = "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds\n";

std::string csv_row(const EpochMetrics& metrics) {
  return fmt::format("{},{:.4f},{:.4f},{:.4f},{:.4f},{:.2f}\n", metrics.epoch, metrics.train_elbo, metrics.test.elbo(),
                     metrics.test.log_likelihood, metrics.test.kl, metrics.seconds);
}

/// Calls visit(epoch, line) for the rows of the table, if there is one.
template <class Visit>
static void for_each_row(const Run& run, const Visit& visit) {
  std::error_code error;
  if (!std::filesystem::exists(run.metrics(), error)) return;
  std::istringstream lines(read_file(run.metrics(), 1 << 30));
  for (std::string line; std::getline(lines, line);) {
    std::int64_t epoch = 0;
    const auto [end, wrong] = std::from_chars(line.data(), line.data() + line.size(), epoch);
    if (wrong == std::errc()) visit(epoch, line);
  }
}

std::string read_metrics(const Run& run, std::int64_t epochs) {
  std::string table = kHeading;
  if (epochs > 0)
    for_each_row(run, [&](std::int64_t epoch, const std::string& line) {
      if (epoch <= epochs) table += line + '\n';
    });
  return table;
}

std::string bound_after(std::int64_t epoch, const Run& run) {
  std::string text;
  for_each_row(run, [&](std::int64_t row, const std::string& line) {
    if (row != epoch) return;
    const char* at = line.data() + line.find(',');
    const char* const end = line.data() + line.size();
    double bounds[2];  // of training, of test
    for (double& bound : bounds) {
      if (at >= end || *at != ',') return;
      const auto [after, wrong] = std::from_chars(at + 1, end, bound);
      if (wrong != std::errc()) return;
      at = after;
    }
    text = fmt::format("bound        after epoch {}: train ELBO {:.4f}, test ELBO {:.4f} nats per image\n", epoch,
                       bounds[0], bounds[1]);
  });
  return text;
}

}  // namespace GRADUS

#include "nn/audit_distribution.h"

#include <algorithm>
#include <cmath>

#include "nn/audit_distribution_checks.h"
#include "tensor/parallel.h"

namespace GRADUS::detail {

std::vector<Tensor> repeated(std::span<const Tensor> parameters, std::int64_t n) {
  int rank = 0;
  for (const Tensor& p : parameters) rank = std::max(rank, p.rank());
  std::vector<Tensor> all;
  for (const Tensor& p : parameters) {
    Shape one = p.shape();
    while (one.rank() <= rank) one = one.inserted(0, 1);
    std::array<std::int64_t, kMaxRank> extents{};
    std::copy(one.begin(), one.end(), extents.begin());
    extents[0] = n;
    all.push_back(broadcast_to(reshape(p, one), Shape(std::span(extents.data(), one.rank()))));
  }
  return all;
}

Tensor as_tensor(const Trial& s, const std::vector<double>& numbers) {
  const std::vector<Real> values(numbers.begin(), numbers.end());
  return tensor(s.shape.inserted(0, static_cast<std::int64_t>(numbers.size()) / s.size), values);
}
std::vector<double> wide(const Tensor& x) {
  const std::vector<Real> values = x.values();
  return {values.begin(), values.end()};
}

static AuditRow row_of(const char* name, std::string (*check_row)(Trial&), Trial& trial) {
  const int count = threads();
  AuditRow row{name, true, ""};
  try {
    row.detail = check_row(trial);
  } catch (const NotChecked& reason) {
    row.checked = false;
    row.detail = reason.what();
  } catch (const std::exception& error) {
    row.passed = false;
    row.detail = error.what();
  }
  set_threads(count);
  std::ranges::replace(row.detail, '\n', ' ');
  return row;
}

Tensor as_numbers(const Indices& draws) {
  const std::vector<Real> values(draws.values.begin(), draws.values.end());
  return tensor(draws.shape, values);
}

Indices as_indices(const Tensor& x) {
  Indices indices(x.shape());
  std::ranges::transform(x.values(), indices.values.begin(), [](Real v) { return std::llround(v); });
  return indices;
}

Audit audit_distribution(const AnyMaker& maker, std::vector<Tensor> parameters,
                         const DistributionAuditOptions& options) {
  check(!parameters.empty(), "[audit_distribution] there are no parameters\nhelp: make it of at least one tensor");
  for (Tensor& p : parameters) p = detach(p);
  Trial trial{maker, std::move(parameters), options};
  constexpr struct {
    const char* name;
    std::string (*run)(Trial&);
  } checks[] = {
      {"log_prob", check_log_prob},
      {"normalisation", check_normalisation},
      {"draws", check_draws},
      {"mean", check_mean},
      {"entropy", check_entropy},
      {"gradient", check_gradient},
      {"second gradient", check_second_gradient},
      {"rsample", check_rsample},
      {"divergence", check_divergence},
      {"repetition", check_repetition},
      {"NaN", check_nan},
  };
  Audit result;
  for (const auto& [name, check_row] : checks) {
    result.rows.push_back(row_of(name, check_row, trial));
    if (!result.rows[0].passed) break;  // without draws there is nothing to check
  }
  if (options.print) fmt::print("{}", result.text());
  return result;
}

}  // namespace GRADUS::detail

#include "nn/audit.h"

#include <algorithm>
#include <cstdio>

#include "autograd/ops.h"
#include "nn/audit_checks.h"
#include "nn/state.h"
#include "tensor/parallel.h"

namespace GRADUS {

using detail::Subject;

/// The row of a check; afterwards everything is as it was before.
static AuditRow row_of(const char* name, std::string (*check_row)(Subject&), Subject& subject) {
  const int count = threads();
  AuditRow row{name, true, ""};
  try {
    row.detail = check_row(subject);
  } catch (const detail::NotChecked& reason) {
    row.checked = false;
    row.detail = reason.what();
  } catch (const std::exception& error) {
    row.passed = false;
    row.detail = error.what();
  } catch (...) {
    row.passed = false;
    row.detail = "it throws something that is not a std::exception";
  }
  set_threads(count);  // a layer may have changed that
  std::size_t i = 0;   // copies may share their tensors after all
  for_each_state(subject.layer, [&](const MemberPath& path, Tensor& x) {
    if (i == subject.begin.size() && std::exchange(row.passed, false))
      row.detail = fmt::format("a call has made a new member \"{}\"", path.text());
    if (i < subject.begin.size()) x = subject.begin[i++];
  });
  std::ranges::replace(row.detail, '\n', ' ');
  return row;
}

static Audit audit(Subject subject) {
  constexpr struct {
    const char* name;
    std::string (*run)(Subject&);
  } checks[] = {
      {"output", detail::check_output},
      {"gradient", detail::check_gradient},
      {"second gradient", detail::check_second_gradient},
      {"members", detail::check_members},
      {"save and load", detail::check_save},
      {"copies", detail::check_copies},
      {"state", detail::check_state},
      {"repetition", detail::check_repetition},
      {"tape", detail::check_tape},
      {"batch", detail::check_batch},
      {"threads", detail::check_threads},
      {"time", detail::check_time},
  };
  for_each_state(subject.layer, [&](const MemberPath&, Tensor& x) { subject.begin.push_back(x); });
  Audit result;
  for (const auto& [name, check_row] : checks) {
    result.rows.push_back(row_of(name, check_row, subject));
    subject.failed = !result.rows.back().passed;
    if (!result.rows[0].passed) break;  // without an output there is nothing to check
  }
  return result;
}

bool Audit::passed() const { return std::ranges::all_of(rows, &AuditRow::passed); }

const AuditRow& Audit::operator[](std::string_view name) const {
  const auto found = std::ranges::find(rows, name, &AuditRow::name);
  check(found != rows.end(), "[audit] there is no row \"{}\"", name);
  return *found;
}

std::string Audit::text() const {
  std::string text;
  for (const AuditRow& row : rows)
    text += fmt::format("{:<16}  {:<7} {}\n", row.name, !row.checked ? "-" : row.passed ? "ok" : "FAILED", row.detail);
  const auto failed = std::ranges::count(rows, false, &AuditRow::passed);
  const auto open = std::ranges::count(rows, false, &AuditRow::checked);
  return text +
         fmt::format("{} passed, {} failed, {} could not be checked\n", rows.size() - failed - open, failed, open);
}

Audit detail::audit_layer(const AuditedLayer& layer, std::span<const AuditInput> inputs, const AuditOptions& options) {
  Rng rng{.seed = 11};
  Subject subject{.layer = layer, .inputs = {}, .by_input = options.by_input};
  for (const AuditInput& input : inputs) subject.inputs.push_back(input.drawn(rng));
  const Audit result = audit(std::move(subject));
  if (options.print) fmt::print("{}", result.text());
  return result;
}

Audit audit_layer(const Layer& layer, const Tensor& input, const AuditOptions& options) {
  return audit_layer(layer, std::vector<AuditInput>{detach(input)}, options);
}

Audit audit_layer(const Layer& layer, const Shape& input, const AuditOptions& options) {
  return audit_layer(layer, std::vector<AuditInput>{input}, options);
}

}  // namespace GRADUS

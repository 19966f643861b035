#include "models/cli/verbs/selftest.h"

#include <algorithm>

#include "models/cli/print.h"
#include "models/evaluation/selftest.h"

namespace GRADUS {

void SelftestVerb::operator()(const Call&) const {
  threads.apply();
  const std::vector<SelftestRow> rows = selftest(seed);
  std::string text = fmt::format("A linear Gaussian model (probabilistic PCA), whose numbers are known exactly; seed "
                                 "{}.\n\n{:<34}{:>12}{:>12}{:>11}"
                                 "{:>8}\n",
                                 seed, "", "exact", "found", "error", "z");
  for (const SelftestRow& row : rows)
    text += fmt::format("{:<34}{:12.6f}{:12.6f}{:11.2g}{:8.2f}{}\n", row.what, row.exact, row.found, row.error, row.z(),
                        row.passed() ? "" : "  off");
  const auto off = std::ranges::count_if(rows, [](const SelftestRow& row) { return !row.passed(); });
  print(text + '\n');
  if (off > 0)
    throw CheckFailed(
        fmt::format("{} of {} numbers are off by more than {} standard errors", off, rows.size(), SelftestRow::kMost));
  print(fmt::format("all {} are within {} standard errors\n", rows.size(), SelftestRow::kMost));
}

}  // namespace GRADUS

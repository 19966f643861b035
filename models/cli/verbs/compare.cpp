#include "models/cli/verbs/compare.h"

#include "models/cli/print.h"
#include "models/evaluation/comparison.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

void CompareVerb::operator()(const Call&) const {
  if (names.size() < 2) throw UsageError("vae compare needs two runs or more");
  if (!out.ends_with(".svg")) throw UsageError(fmt::format("--out must end in .svg, not {}", quote(out)));
  std::vector<Measured> models;
  for (const std::string& name : names)
    models.push_back(name.ends_with(".json") ? measured_json(name) : measured_run(open_run(name)));
  const std::string differ = how_they_differ(models);
  if (!differ.empty() && !anyway)
    throw UsageError(
        fmt::format("{}\nhelp: numbers that were made differently say nothing about which model is better; "
                    "--anyway prints them apart",
                    differ));
  const std::string picture = compared_curves(models, !differ.empty());
  if (!picture.empty()) write_file_atomically(out, picture);
  print(differ.empty() ? side_by_side(models) : apart(models));
  if (!picture.empty()) print(fmt::format("\ncurves: {}\n", quote(out)));
}

}  // namespace GRADUS

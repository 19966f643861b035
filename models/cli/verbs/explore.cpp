#include "models/cli/verbs/explore.h"

#include "models/cli/print.h"
#include "models/cli/verbs/info.h"
#include "models/explore/explore.h"
#include "models/training/metrics.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

/// The name of the run's folder itself, also of "." and "runs/1/".
static std::string title_of(const Run& run) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(run.folder, error);
  return (error ? run.folder : whole).filename().string();
}

void ExploreVerb::operator()(const Call&) const {
  if (!out.empty() && !out.ends_with(".html"))
    throw UsageError(fmt::format("--out must end in .html, not {}", quote(out)));
  threads.apply();
  const Opened opened = open(run);
  const auto& [folder, config, at, vae] = opened;
  if (config.units.is_table())
    throw UsageError("the page shows images, and the samples of this run are rows of a table");
  const fs::path file = out.empty() ? folder.folder / "explore.html" : fs::path(out);
  check_writable(file);

  Taking taking = config.taking();
  taking.size = config.sample;
  if (!data.empty()) taking.selection = {};
  const std::string& where = data.empty() ? config.data : data;
  const Images images = load_spoken(where, Split::train, taking);
  if (data.empty())
    check(fingerprint(images) == config.fingerprint,
          "the images of {} are not those of this run: they are {}, the run was trained on {}\n"
          "help: name the folder, as of other data, to take them all the same",
          quote(where), quote(fingerprint(images)), quote(config.fingerprint));

  const std::string page = explore_page(vae, config, images,
                                        {.title = title_of(folder),
                                         .protocol = InfoVerb::text_of(opened),
                                         .metrics = read_metrics(folder, config, at.epoch),
                                         .seed = seed,
                                         .weights = small ? PackedNumbers::Type::i8 : PackedNumbers::Type::f16});
  write_file_atomically(file, page);
  print(fmt::format("a page of {:.1f} MB, to be opened in a browser: {}\n", static_cast<double>(page.size()) / 1e6,
                    quote(file.native())));
}

}  // namespace GRADUS

// vae inspect: what a data set holds, before anything is trained on it.
#pragma once

#include "models/cli/run_command.h"
#include "models/data/sources.h"

namespace GRADUS {

struct InspectVerb {
  static constexpr const char* kName = "inspect";
  static constexpr const char* kHelp = "Tells what data hold: shape, range, labels, duplicates, and what fits them.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} inspect digits --out digits.png\n"
                                           "  {0} inspect wine.csv --label-column quality\n"
                                           "  {0} inspect photographs --size 32x32 --out photographs.png";

  std::string data, out;
  bool transpose = false;
  Selection selection{};

  void settings(auto&& is) {
    is.argument("DATA", data,
                "\"digits\" or \"shapes\", a folder of IDX files or of pictures, a .npy array, a .csv table");
    is("transpose", transpose, "swap the rows and columns of every image, as EMNIST's files need");
    selection.settings(is);
    is("out", out, "a picture of the first images, to be written");
  }
  void operator()(const Call& call) const;
};

/// What `vae inspect` prints, line by line; settings stand in `backquotes`.
std::string inspection_of(const Dataset& data);

}  // namespace GRADUS

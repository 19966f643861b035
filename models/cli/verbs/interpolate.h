// vae interpolate: what lies between two images.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"
#include "models/evaluation/paths.h"

namespace GRADUS {

struct InterpolateVerb {
  static constexpr const char* kName = "interpolate";
  static constexpr const char* kHelp = "Shows what lies between two images.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} interpolate runs/1 --from 3 --to 18 --out between.png\n"
                                           "  {0} interpolate runs/1 --from a.png --to b.png --path sphere";

  RunOption run;
  std::string from, to;
  std::int64_t steps = 12;
  Path path = Path::line;
  ChosenData data;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    static constexpr Word<Path> kPaths[] = {{"line", Path::line}, {"sphere", Path::sphere}};
    run.settings(is);
    is("from", from, "an image by its place, from 0, or a .png or .jpg file");
    is("to", to, "likewise");
    is("steps", steps, IntegerRange{2, 1000}, "images in all, both ends included");
    is("path", path, kPaths, "straight, or on the sphere that both lie on, as draws of a Gaussian nearly do");
    data.settings(is);
    label.settings(
        is, "of a conditional model, what all are to show (default: from the label of one\nto that of the other)");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

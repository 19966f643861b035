// vae manifold: the plane of codes as a map of images.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct ManifoldVerb {
  static constexpr const char* kName = "manifold";
  static constexpr const char* kHelp = "Shows the plane of codes as a map of images.";
  static constexpr const char* kExamples = "Example:\n  {0} manifold runs/1 --count 20 --out map.png";

  RunOption run;
  std::int64_t count = 15;
  ChosenData data;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("count", count, IntegerRange{1, 200},
       "images across and down. They stand at even quantiles of the codes, of which\n"
       "0.05 to 0.95 are shown: of two dimensions, or of the two principal axes");
    data.settings(is);
    label.settings(is, "of a conditional model, what all are to show");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

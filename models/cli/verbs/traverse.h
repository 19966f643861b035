// vae traverse: what each latent dimension does.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct TraverseVerb {
  static constexpr const char* kName = "traverse";
  static constexpr const char* kHelp = "Shows what each latent dimension does, a row for each.";
  static constexpr const char* kExamples = "Example:\n  {0} traverse runs/1 --image 7 --out dimensions.png";

  RunOption run;
  std::string image;
  std::int64_t steps = 11, count = 20;
  double range = 3;
  ChosenData data;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("image", image,
       "whose code is changed, by its place, from 0, or a .png or .jpg file (default:\nthe mean of the prior)");
    is("steps", steps, IntegerRange{2, 100}, "images in a row");
    is("range", range, RealRange{.min = 0, .max = 1000, .above_min = true},
       "how far from the prior's mean to go, in its standard deviations");
    is("count", count, IntegerRange{1, 65536},
       "dimensions at most, those of the largest KL divergence first, or else of the\n"
       "most varied codes; dead ones, in which codes hardly vary, are greyed");
    data.settings(is);
    label.settings(is, "of a conditional model, what all are to show (default: what the image is)");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

// vae vary: variations of one image.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct VaryVerb {
  static constexpr const char* kName = "vary";
  static constexpr const char* kHelp = "Shows variations of one image.";
  static constexpr const char* kExamples = "Example:\n  {0} vary runs/1 --image 7 --spread 2 --out variations.png";

  RunOption run;
  std::string image;
  double spread = 1;
  std::int64_t count = 29;
  std::uint64_t seed = 0;
  ChosenData data;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("image", image, "by its place, from 0, or a .png or .jpg file");
    is("spread", spread, RealRange{.min = 0, .max = 1000}, "how far from the image's code, beside draws of its q(z|x)");
    is("count", count, IntegerRange{1, 10'000}, "how many, behind the image itself");
    is("seed", seed, "another seed, other variations");
    data.settings(is);
    label.settings(is, "of a conditional model, what all are to show (default: what the image is)");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

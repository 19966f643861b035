// vae complete: pictures of which a part is missing.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct CompleteVerb {
  static constexpr const char* kName = "complete";
  static constexpr const char* kHelp = "Completes an image of which a part is missing.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} complete runs/1 7 --mask top\n"
                                           "  {0} complete runs/1 face.png --mask hole.png --count 12";

  RunOption run;
  std::string image, mask;
  std::int64_t count = 8, steps = 400;
  std::uint64_t seed = 0;
  ChosenData data;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is.argument("IMAGE", image, "by its place, from 0, or a .png or .jpg file");
    is("mask", mask, "what is missing: top, bottom, left or right, or what is white in a .png or .jpg file");
    is("count", count, IntegerRange{1, 1000}, "completions, the likeliest first");
    is("steps", steps, IntegerRange{1, 1'000'000}, "of the gradient, on what is seen, for each");
    is("seed", seed, "another seed, other codes to begin from");
    data.settings(is);
    label.settings(is, "of a conditional model, what is to be seen (default: what the image is)");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

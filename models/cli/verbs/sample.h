// vae sample: new images from a trained model.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct SampleVerb {
  static constexpr const char* kName = "sample";
  static constexpr const char* kHelp = "Draws new images from a trained model.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} sample runs/1 --seed 7 --temperature 0.7 --out new.png\n"
                                           "  {0} sample runs/1 --from-aggregate yes --count 1000 --out new.npy";

  RunOption run;
  std::int64_t count = kPictured;
  std::uint64_t seed = 0;
  double temperature = 1;
  bool from_aggregate = false;
  std::int64_t components = 10;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("count", count, IntegerRange{1, 10'000}, "how many");
    is("seed", seed, "another seed, other images");
    label.settings(is, "of a conditional model, what all images are to show; without it,\n"
                       "each label has a row in turn");
    is("temperature", temperature, RealRange{.min = 0, .max = 1000},
       "how many times its deviation draws of the prior have: below 1 more usual images,\n"
       "above 1 stranger ones");
    is("from_aggregate", from_aggregate,
       "draw codes from a mixture of Gaussians fitted to those of the training images in\n"
       "place of the prior, for models whose codes do not lie where their prior says");
    is("components", components, IntegerRange{1, 1000}, "Gaussians of that mixture");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

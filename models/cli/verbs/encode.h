// vae encode: the codes of images, for other programs.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct EncodeVerb {
  static constexpr const char* kName = "encode";
  static constexpr const char* kHelp = "Writes the codes of images to a file.";
  static constexpr const char* kExamples = "Examples:\n"
                                           "  {0} encode runs/1 mnist --out codes.npy --sigma sigma.npy\n"
                                           "  {0} encode runs/1 mnist --out codes.tsv    for the embedding projector\n"
                                           "  {0} encode runs/1 mnist --out small.npy --quantize 4";

  RunOption run;
  ChosenData data;
  std::string out, sigma;
  std::int64_t quantize = 0;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    data.argument(is);
    is("out", out,
       "the means of q(z|x), or the codes that stand for the images: .npy, .csv, or .tsv with\n"
       "labels, pictures and a configuration beside it, as the embedding projector reads them");
    is("sigma", sigma, "another file, .npy or .csv, for the standard deviations of q(z|x)");
    is("quantize", quantize, IntegerRange{0, 16},
       "bits for each number of a code, which is then written as the nearest of as many\n"
       "levels, and what that loses is told; 0: as they are");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

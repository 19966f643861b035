// vae compress and vae decompress: images to a file as small as the model's bound says, and back, without loss.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct CompressVerb {
  static constexpr const char* kName = "compress";
  static constexpr const char* kHelp = "Compresses images by the model, without loss.";
  static constexpr const char* kExamples =
      "Examples:\n"
      "  {0} compress first digits --out digits.bb\n"
      "  {0} decompress first digits.bb --out digits.npy\n"
      "\n"
      "The model must give probabilities: a bernoulli likelihood of pixels that are drawn as bits, or a\n"
      "discretized-logistic, mixture or categorical one of grey levels; its code must be gaussian.";

  RunOption run;
  ChosenData data;
  std::string out;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    data.argument(is);
    is("out", out, "the file to be written (needed)");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

struct DecompressVerb {
  static constexpr const char* kName = "decompress";
  static constexpr const char* kHelp = "Brings compressed images back, as a .npy array.";

  RunOption run;
  std::string file, out;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is.argument("FILE", file, "what `compress` has written with the same checkpoint of the run");
    is("out", out, "the array to be written, IMAGES.npy: (N, H, W) bytes, or (N, H, W, 3) of colour (needed)");
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

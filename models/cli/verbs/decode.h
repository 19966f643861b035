// vae decode: what codes look like.
#pragma once

#include "models/cli/run_command.h"
#include "models/cli/verbs/images.h"

namespace GRADUS {

struct DecodeVerb {
  static constexpr const char* kName = "decode";
  static constexpr const char* kHelp = "Shows what codes in a file look like.";
  static constexpr const char* kExamples = "Example:\n  {0} decode runs/1 codes.npy --out images.npy";

  RunOption run;
  std::string codes;
  LabelOption label;
  GalleryOption gallery;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is.argument("CODES", codes, "a .npy array or a .csv table, as encode writes them");
    label.settings(is, "of a conditional model, what all are to show (default: what a table's column\nlabel says)");
    gallery.settings(is);
    threads.settings(is);
  }
  void operator()(const Call&) const;
};

}  // namespace GRADUS

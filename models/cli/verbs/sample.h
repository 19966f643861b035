// vae sample: new images from a trained model.
#pragma once

#include "models/cli/print.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"
#include "nn/files/quote.h"

namespace GRADUS {

struct SampleVerb {
  static constexpr const char* kName = "sample";
  static constexpr const char* kHelp = "Draws new images from a trained model.";

  RunOption run;
  std::int64_t count = kPictured;
  std::uint64_t seed = 0;
  std::optional<std::int64_t> label;
  PictureOption picture;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("count", count, IntegerRange{1, 10'000}, "how many");
    is("seed", seed, "another seed, other images");
    is("label", label, IntegerRange{0, 255},
       "of a conditional model, what all images are to show; without it,\n"
       "each label has a row in turn");
    picture.settings(is, "the picture (default: samples-SEED.png in RUN)");
    threads.settings(is);
  }
  void operator()(const Call&) const {
    picture.check();
    threads.apply();
    const auto [folder, config, at, vae] = open(run);
    picture.check(config);
    const std::filesystem::path file =
        picture.or_else(folder.folder / fmt::format("samples-{}{}", seed, config.ending()));
    write_samples(file, config, vae, count, seed, label);
    print(fmt::format("{} new images: {}\n", count, quote(file.native())));
    if (const char* from = sampled_from(config.model.code)) print(fmt::format("their codes are drawn from {}\n", from));
  }
};

}  // namespace GRADUS

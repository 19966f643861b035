// vae reconstruct: test images over what the model makes of them.
#pragma once

#include "models/cli/print.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"
#include "nn/files/quote.h"

namespace GRADUS {

struct ReconstructVerb {
  static constexpr const char* kName = "reconstruct";
  static constexpr const char* kHelp = "Shows test images over what the model makes of them.";

  RunOption run;
  std::int64_t count = 10;
  OtherData data;
  PictureOption picture;
  ThreadsOption threads;

  void settings(auto&& is) {
    run.settings(is);
    is("count", count, IntegerRange{1, 10'000}, "how many, from the first");
    data.settings(is);
    picture.settings(is, "the picture (default: reconstructions-COUNT.png in RUN)");
    threads.settings(is);
  }
  void operator()(const Call&) const {
    picture.check();
    threads.apply();
    const auto [folder, config, at, vae] = open(run);
    picture.check(config);
    const Images images = data.test_images(config);
    const std::int64_t shown = std::min(count, images.count);
    const std::filesystem::path file =
        picture.or_else(folder.folder / fmt::format("reconstructions-{}{}", shown, config.ending()));
    write_reconstructions(file, config, vae, images, shown);
    print(fmt::format("{} test images over their reconstructions: {}\n", shown, quote(file.native())));
  }
};

}  // namespace GRADUS

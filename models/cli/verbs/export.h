// vae export: a trained model for PyTorch.
#pragma once

#include "models/cli/print.h"
#include "models/cli/run_command.h"
#include "models/cli/verbs/shared.h"
#include "models/export/torch_module.h"
#include "nn/files/quote.h"

namespace GRADUS {

struct ExportVerb {
  static constexpr const char* kName = "export";
  static constexpr const char* kHelp = "Writes a trained model for PyTorch: the weights, and the module to load them.";

  RunOption run;
  std::string out;

  void settings(auto&& is) {
    run.settings(is);
    is("out", out, "the folder for model.safetensors and model.py (default: torch in RUN)");
  }
  void operator()(const Call&) const {
    const auto [folder, config, at, vae] = open(run);
    const std::filesystem::path to = out.empty() ? folder.folder / "torch" : std::filesystem::path(out);
    export_torch(to, vae, config);
    print(fmt::format("{}, which model.py beside it loads\n", quote((to / "model.safetensors").native())));
  }
};

}  // namespace GRADUS

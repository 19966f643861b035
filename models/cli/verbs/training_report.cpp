#include "models/cli/verbs/training_report.h"

#include <cstdio>
#include <utility>

#include "models/cli/options.h"
#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

bool train_and_report(Trainer& trainer, const Run& run, std::string config, const Call& call) {
  ProgressDisplay display;
  const auto write_config = [&] {
    if (const std::string json = std::exchange(config, ""); !json.empty()) write_file_atomically(run.config(), json);
  };
  const Observer observer{.step = [&](const Progress& progress) { display.step(progress); },
                          .epoch = [&](const EpochMetrics& metrics) { display.epoch(metrics); },
                          .saving = write_config,
                          .remark =
                              [&](const std::string& sentence) {
                                display.finish();
                                std::fprintf(stderr, "remark: %s\n", spoken(sentence, as_flag).c_str());
                              }};
  bool finished = false;
  try {
    finished = trainer.train(run, observer, call.stop.made);
  } catch (...) {
    display.finish();  // before the error's sentence
    throw;
  }
  display.finish();
  if (trainer.stopped_early())
    print(fmt::format("stopped early: no better bound in {} epochs; that of epoch {} is kept as the best checkpoint\n",
                      trainer.config().stop_early, trainer.best_epoch()));
  print(finished ? fmt::format("new images and reconstructions: {} and {}\n",
                               quote(run.samples(trainer.config().ending()).native()),
                               quote(run.reconstructions(trainer.config().ending()).native()))
                 : fmt::format("stopped and saved; go on with: {} resume {}\n", call.command,
                               shell_path(run.folder.native())));
  return finished;
}

}  // namespace GRADUS

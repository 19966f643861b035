#include "models/cli/verbs/resume.h"

#include "models/cli/print.h"
#include "models/cli/verbs/training_report.h"
#include "models/data/sources.h"
#include "models/training/pace.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

bool ResumeVerb::operator()(const Call& call) const {
  threads.apply();
  const Run at = open_run(run.folder);
  const RunLock lock(at);
  Config config = read_config(at);
  const Checkpoint checkpoint = newest_checkpoint(at);
  const std::int64_t finished = read_position(config, checkpoint).epoch, wanted = epochs.value_or(config.epochs);
  check(epochs || wanted >= finished, "{} is for {} epochs, but {} are done\nhelp: --epochs N makes it N",
        quote(at.config().native()), wanted, finished);
  if (wanted < finished)
    throw UsageError(fmt::format("--epochs must be at least {}, for that many are done", finished));
  if (wanted > finished || !data.empty()) {
    const std::string before = to_json(config);
    if (!data.empty()) config.data = place_of(data);
    if (wanted > finished) config.epochs = wanted;
    const Dataset found = load_spoken(config.data, config.taking());
    if (const std::string idle = idle_text(config, read_fingerprint(config.fingerprint).count); !idle.empty()) {
      if (epochs)
        throw UsageError(fmt::format("{}\nhelp: the run's schedule is for fewer than {} epochs", idle, wanted));
      print(fmt::format("{}\n", idle));
    }
    Trainer trainer(config, found, checkpoint);
    std::string json = text_of(config);
    if (json == before) json.clear();
    if (wanted > finished) return train_and_report(trainer, at, json, call);
    if (!json.empty()) write_file_atomically(at.config(), json);
  }
  print(wanted < config.epochs
            ? fmt::format("nothing left to do up to epoch {}; the run is for {}\n", wanted, config.epochs)
            : fmt::format("nothing left to do: {} of {} epochs are done; --epochs N makes it N in all\n", finished,
                          wanted));
  return true;
}

}  // namespace GRADUS

#include "models/cli/verbs/train.h"

#include <unistd.h>

#include "models/cli/options.h"
#include "models/cli/print.h"
#include "models/cli/verbs/training_report.h"
#include "models/data/sources.h"
#include "models/training/pace.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

namespace {

/// Refuses a model that this machine cannot hold, before the system kills whoever tries.
void check_memory(const Config& config) {
  // Parameters, gradients, Adam's two moments; the average, the accumulated gradients.
  const double copies = 4 + (config.ema > 0) + (config.accumulate > 1);
  const double parameters = static_cast<double>(count(empty_vae(config.model, config.sample)));
  const double needed = copies * sizeof(Real) * parameters;
  const double present = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  if (needed > present)
    throw UsageError(fmt::format("to train a model of {:.3g} parameters takes {:.3g} GB, this machine has {:.3g} GB\n"
                                 "help: choose a smaller --hidden or --latent",
                                 parameters, needed / 1e9, present / 1e9));
}

/// Numbers that are no bytes: the likelihood by default, and what does not go with them.
void settle_likelihood(Config& config, const Dataset& data, bool named) {
  if (data.train.numbers.empty()) return;
  Likelihoods& likelihood = config.model.likelihood;
  const bool within = data.train.scaling.shift.empty();
  if (!named && !within) likelihood.chosen = SharedGaussianLikelihood{};
  if (config.binarize != Binarize::none)
    throw UsageError(fmt::format("--binarize is for pixels, and {} holds numbers", quote(data.name)));
  const bool levels = likelihood.is<DiscretizedLogisticLikelihood>() || likelihood.is<MixtureLikelihood>() ||
                      likelihood.is<CategoricalLikelihood>();
  const bool bounded = likelihood.is<BernoulliLikelihood>() || likelihood.is<ContinuousBernoulliLikelihood>();
  if (levels || (bounded && !within))
    throw UsageError(fmt::format("--likelihood {} is for {}, and {} holds {}\nhelp: --likelihood shared-gaussian",
                                 likelihood.name(), levels ? "the 256 levels of pixels" : "numbers from 0 to 1",
                                 quote(data.name), levels ? "numbers" : "others"));
}

/// step(), whose Error about a folder that is taken names the run in it, also one that has just begun.
template <class Step>
decltype(auto) naming_run(const std::string& folder, const std::string& command, const Step& step) try {
  return step();
} catch (const FolderTaken&) {
  if (!is_run(folder)) throw;
  throw Error(fmt::format("there is a run in {}\nhelp: name a new folder, or continue that run with: {} resume {}",
                          quote(folder), command, shell_path(folder)));
}

}  // namespace

void TrainVerb::prepare(const Given& given) {
  likelihood_named = given.options.contains("--likelihood");
  const auto named = given.options.find("--config");
  if (named == given.options.end()) return;
  likelihood_named = true;
  config = read_config(fs::path(named->second));
}

bool TrainVerb::operator()(const Call& call) {
  threads.apply();
  config.check();
  naming_run(out, call.command, [&] { check_new_run(out); });
  config.fingerprint.clear();  // of another run's data
  const Dataset data = load_spoken(config.data, config.taking());
  for (const std::string& remark : data.remarks) print(spoken(remark, as_flag) + '\n');
  config.data = place_of(config.data);
  config.fingerprint = fingerprint(data.train);
  config.test_fingerprint = fingerprint(data.test);
  config.sample = data.train.shape();
  config.units = units_of(data.train);
  settle_likelihood(config, data, likelihood_named);
  settle(config.model.code, data.train.count - config.validation);
  settle_condition(config.model.condition, data);
  settle_schedule(config, data.train.count);
  check_memory(config);
  Trainer trainer(config, data);
  const std::string json = text_of(config);
  // Last of all: nothing that is wrong with the rest has made a folder.
  NewRun made = naming_run(out, call.command, [&] { return NewRun(out); });
  made.begin(trainer.save(), json);
  const Run& run = made.run();
  print(fmt::format("{}: {}, {} parameters, {} + {} images of {}, {} {}\n", quote(run.folder.native()),
                    layer_sizes(trainer.vae()), count(trainer.vae()), data.train.count, data.test.count,
                    quote(data.name), gradus::threads(), gradus::threads() == 1 ? "thread" : "threads"));
  if (config.binarize == Binarize::none && is_grey(data.train))
    if (const std::string remark = grey_remark(config.model.likelihood); !remark.empty())
      print(fmt::format("remark: {}\n", spoken(remark, as_flag)));
  return train_and_report(trainer, run, "", call);
}

}  // namespace GRADUS

#include "models/cli/commands.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/cli/optimizer_options.h"
#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "models/data/sources.h"
#include "nn/files/atomic_file.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"
#include "tensor/parallel.h"

namespace GRADUS {

namespace fs = std::filesystem;

namespace {

/// Refuses a model that this machine cannot hold, before the system kills whoever tries.
void check_memory(const Config& config) {
  const VaeSettings& vae = config.vae;
  // Parameters, gradients, Adam's two moments; the average, the accumulated gradients.
  const double copies = 4 + (config.ema > 0) + (config.accumulate > 1);
  const double needed = copies * sizeof(Real) * parameter_count(vae);
  const double present = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  if (needed > present)
    throw UsageError(fmt::format("to train a model of {:.3g} parameters takes {:.3g} GB, this machine has {:.3g} GB\n"
                                 "help: choose a smaller --hidden or --latent",
                                 parameter_count(vae), needed / 1e9, present / 1e9));
}

/// Where the data of a run is, to be found from anywhere.
std::string place(const std::string& data) {
  if (data == "digits") return data;
  std::error_code error;
  const fs::path path = fs::absolute(data, error);
  check(!error, "cannot tell where {} is: {}", quote(data), error.message());
  return path.native();
}

/// What config.json is to hold. Error when that cannot be read as what it was.
std::string text_of(const Config& config) {
  const std::string json = to_json(config);
  check(config_from_json(json, "config.json").data == config.data,
        "the data's folder {} has a name that is not UTF-8, which config.json cannot hold", quote(config.data));
  return json;
}

/// "epoch 3", "epoch 3 and 117 steps"
std::string progress_of(const Position& at) {
  return fmt::format("epoch {}{}", at.epoch, at.step > 0 ? fmt::format(" and {} steps", at.step) : "");
}

struct Opened {
  Run run;
  Config config;
  Position at;  // of the checkpoint
  Vae vae;
};

Opened open(const Options& options) {
  const Run run = open_run(options.run);
  Config config = read_config(run);
  const Checkpoint checkpoint = read_checkpoint(run, options.checkpoint);
  const Position at = read_position(config, checkpoint);
  Vae vae = load_vae(config, checkpoint);
  return {run, std::move(config), at, std::move(vae)};
}

/// The test images of the data named, or else of the run's own, which must be what it was.
Images test_images(const Options& options, const Config& config) {
  const Taking taking{.transposed = options.transpose.value_or(config.transpose), .size = config.vae.image};
  const std::string& where = options.data.empty() ? config.data : options.data;
  Images images = load_images(where, Split::test, taking);
  if (options.data.empty() && taking.transposed == config.transpose && !config.test_fingerprint.empty())
    check(fingerprint(images) == config.test_fingerprint,
          "the test images of {} are not those of this run: they are {}, the run was measured on {}\n"
          "help: name the folder, as of other data, to take them all the same",
          quote(where), quote(fingerprint(images)), quote(config.test_fingerprint));
  return images;
}

/// Trains to the end and says what was left where.
/// `config`: what config.json is to hold once there is more to save; nothing when it holds that.
bool train_and_report(Trainer& trainer, const Run& run, std::string config, const std::string& command,
                      const std::atomic<bool>& stop) {
  ProgressDisplay display;
  const auto write_config = [&] {
    if (const std::string json = std::exchange(config, ""); !json.empty()) write_file_atomically(run.config(), json);
  };
  const Observer observer{.step = [&](const Progress& progress) { display.step(progress); },
                          .epoch = [&](const EpochMetrics& metrics) { display.epoch(metrics); },
                          .saving = write_config};
  bool finished = false;
  try {
    finished = trainer.train(run, observer, stop);
  } catch (...) {
    display.finish();  // before the error's sentence
    throw;
  }
  display.finish();
  print(finished
            ? fmt::format("new images and reconstructions: {} and {}\n", quote(run.samples().native()),
                          quote(run.reconstructions().native()))
            : fmt::format("stopped and saved; go on with: {} resume {}\n", command, shell_path(run.folder.native())));
  return finished;
}

/// step(), whose Error about a folder that is taken names the run in it, also one that has just begun.
template <class Step>
decltype(auto) naming_run(const Options& options, const Step& step) try {
  return step();
} catch (const FolderTaken&) {
  if (!is_run(options.out)) throw;
  throw Error(fmt::format("there is a run in {}\nhelp: name a new folder, or continue that run with: {} resume {}",
                          quote(options.out), options.command, shell_path(options.out)));
}

}  // namespace

bool train(Options& options, const std::atomic<bool>& stop) {
  Config& config = options.config;
  if (config.vae.network == Network::convolutional) config.vae.hidden = {256};
  if (!options.hidden.empty()) config.vae.hidden = options.hidden;
  config.vae.image = 1;  // at least: how large the images are is not known yet
  check_memory(config);
  naming_run(options, [&] { check_new_run(options.out); });
  const Dataset data = load_dataset(config.data, {.transposed = config.transpose});
  config.data = place(config.data);
  config.fingerprint = fingerprint(data.train);
  config.test_fingerprint = fingerprint(data.test);
  config.vae.image = {data.train.height, data.train.width};
  settle_schedule(config, data);
  check_memory(config);
  Trainer trainer(config, data);
  const std::string json = text_of(config);
  // Last of all: nothing that is wrong with the rest has made a folder.
  NewRun made = naming_run(options, [&] { return NewRun(options.out); });
  made.begin(trainer.save(), json);
  const Run& run = made.run();
  print(fmt::format("{}: {}, {:.0f} parameters, {} + {} images of {}, {} {}\n", quote(run.folder.native()),
                    layer_sizes(config.vae), parameter_count(config.vae), data.train.count, data.test.count,
                    quote(data.name), threads(), threads() == 1 ? "thread" : "threads"));
  return train_and_report(trainer, run, "", options.command, stop);
}

bool resume(const Options& options, const std::atomic<bool>& stop) {
  const Run run = open_run(options.run);
  const RunLock lock(run);
  Config config = read_config(run);
  const Checkpoint checkpoint = newest_checkpoint(run);
  const Position at = read_position(config, checkpoint);
  const std::int64_t finished = at.epoch;
  const std::int64_t epochs = options.epochs > 0 ? options.epochs : config.epochs;
  check(options.epochs > 0 || epochs >= finished, "{} is for {} epochs, but {} are done\nhelp: --epochs N makes it N",
        quote(run.config().native()), epochs, finished);
  if (epochs < finished)
    throw UsageError(fmt::format("--epochs must be at least {}, for that many are done", finished));
  if (epochs > finished || !options.data.empty()) {
    const std::string before = to_json(config);
    if (!options.data.empty()) config.data = place(options.data);
    if (epochs > finished) config.epochs = epochs;
    const Dataset data = load_dataset(config.data, {.transposed = config.transpose});
    if (const std::string idle = idle_text(config, read_fingerprint(config.fingerprint).count); !idle.empty()) {
      if (options.epochs > 0)
        throw UsageError(fmt::format("{}\nhelp: the run's schedule is for fewer than {} epochs", idle, epochs));
      print(fmt::format("{}\n", idle));
    }
    Trainer trainer(config, data, checkpoint);
    std::string json = text_of(config);
    if (json == before) json.clear();
    if (epochs > finished) return train_and_report(trainer, run, json, options.command, stop);
    if (!json.empty()) write_file_atomically(run.config(), json);
  }
  print(epochs < config.epochs
            ? fmt::format("nothing left to do up to epoch {}; the run is for {}\n", epochs, config.epochs)
            : fmt::format("nothing left to do: {} of {} epochs are done; --epochs N makes it N in all\n", finished,
                          epochs));
  return true;
}

void sample(const Options& options) {
  const auto [run, config, at, vae] = open(options);
  const fs::path file =
      options.out.empty() ? run.folder / fmt::format("samples-{}.png", options.seed) : fs::path(options.out);
  write_samples(file, config, vae, options.images, options.seed);
  print(fmt::format("{} new images: {}\n", options.images, quote(file.native())));
}

void reconstruct(const Options& options) {
  const auto [run, config, at, vae] = open(options);
  const Images images = test_images(options, config);
  const std::int64_t count = std::min(options.reconstructions, images.count);
  const fs::path file =
      options.out.empty() ? run.folder / fmt::format("reconstructions-{}.png", count) : fs::path(options.out);
  write_reconstructions(file, config, vae, images, count);
  print(fmt::format("{} test images over their reconstructions: {}\n", count, quote(file.native())));
}

void evaluate_run(const Options& options) {
  const auto [run, config, at, vae] = open(options);
  const Images images = test_images(options, config);
  const Evaluation test = evaluate(vae, images, test_bits(config.binarize), images_at_once(config));
  if (!std::isfinite(test.elbo()))
    throw NumericError(fmt::format("the bound on the images of {} is not finite: the model has overflowed in training, "
                                   "or it does on these images",
                                   quote(images.name)));
  print(fmt::format(
      "test ELBO       {:10.4f} nats per image\n"
      "log-likelihood  {:10.4f}\n"
      "KL divergence   {:10.4f}\n"
      "{} test images of {}, {}, {} likelihood, one draw of z per image from a fixed stream; {} checkpoint, {}\n",
      test.elbo(), test.log_likelihood, test.kl, images.count, quote(options.data.empty() ? config.data : options.data),
      config.binarize == Binarize::none ? "grey pixels" : "pixels drawn as bits once and for all",
      name_of(config.vae.likelihood), options.checkpoint, progress_of(at)));
}

void info(const Options& options) {
  const auto [run, config, at, vae] = open(options);
  const std::string bound = bound_after(at.epoch, run);
  std::error_code error;
  print(fmt::format("model        {}, {}, {} head, {} likelihood, {} initialiser\n", layer_sizes(config.vae),
                    name_of(config.vae.activation), name_of(config.vae.head), name_of(config.vae.likelihood),
                    name_of(config.vae.init)));
  print(fmt::format("parameters   {}\n", count(vae)));
  print(fmt::format("data         {}, {}, binarize {}, {} held out\n", quote(config.data), quote(config.fingerprint),
                    name_of(config.binarize), config.validation));
  print(fmt::format("training     {}, batch size {}, beta {}, clip {}, seed {}\n", optimizer_text(config),
                    config.batch_size, config.beta, config.clip, config.seed));
  print(fmt::format("progress     {} of {} epochs{}\n", at.epoch, config.epochs,
                    at.step > 0 ? fmt::format(", and step {} of the next", at.step) : ""));
  print(bound);
  std::string kept;
  for (const char* which : {"last", "best"})
    if (fs::exists(run.checkpoint(which), error)) kept += fmt::format("{}{}", kept.empty() ? "" : ", ", which);
  print(fmt::format("checkpoints  {}\n", kept));
}

}  // namespace GRADUS

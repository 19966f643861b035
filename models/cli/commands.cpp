#include "models/cli/commands.h"

#include <unistd.h>

#include <algorithm>

#include "models/cli/optimizer_options.h"
#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "nn/atomic_file.h"
#include "nn/input_file.h"
#include "nn/quote.h"
#include "tensor/parallel.h"

namespace gradus::inline GRADUS_FLAVOUR {

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
    throw UsageError(
        fmt::format("to train a model of {:.3g} parameters takes {:.3g} GB, this machine has {:.3g} GB\n"
                    "help: choose a smaller --hidden or --latent",
                    parameter_count(vae), needed / 1e9, present / 1e9));
}

void check_size(const Config& config, const Images& images) {
  check(images.height == config.height && images.width == config.width,
        "the images of {} are {} x {} pixels, the model takes {} x {}", quote(images.name), images.height, images.width,
        config.height, config.width);
}

struct Opened {
  Run run;
  Config config;
  Checkpoint checkpoint;
  Vae vae;
};

Opened open(const Options& options) {
  const Run run = open_run(options.run);
  Config config = read_config(run);
  Checkpoint checkpoint = read_checkpoint(run, options.checkpoint);
  try {
    Vae vae = load_vae(config, checkpoint);
    return {run, std::move(config), std::move(checkpoint), std::move(vae)};
  } catch (const Error& error) {
    throw Error(fmt::format("{} does not fit its config.json: {}", quote(run.checkpoint(options.checkpoint).native()),
                            error.what()));
  }
}

/// Trains to the end and says what was left where.
bool train_and_report(Trainer& trainer, const Run& run, const std::atomic<bool>& stop) {
  ProgressDisplay display;
  const Observer observer{.step = [&](const Progress& progress) { display.step(progress); },
                          .epoch = [&](const EpochMetrics& metrics) { display.epoch(metrics); }};
  bool finished = false;
  try {
    finished = trainer.train(run, observer, stop);
  } catch (...) {
    display.finish();  // before the error's sentence
    throw;
  }
  display.finish();
  print(finished ? fmt::format("new images and reconstructions: {} and {}\n", quote(run.samples().native()),
                               quote(run.reconstructions().native()))
                 : fmt::format("stopped and saved; go on with: vae resume {}\n", quote(run.folder.native())));
  return finished;
}

/// A folder made for a run, taken away again unless it is kept.
struct NewRun {
  std::string wanted;
  bool existed = fs::exists(wanted);
  Run run = create_run(wanted);
  bool keep = false;

  ~NewRun() {
    std::error_code error;
    if (keep) return;
    fs::remove(run.config(), error);
    fs::remove(run.checkpoint("last"), error);
    if (!existed) fs::remove(run.folder, error);
  }
};

/// The last row of metrics.csv as a line of text, or nothing.
std::string last_metrics(const Run& run) {
  std::error_code error;
  if (!fs::exists(run.metrics(), error)) return "";
  std::string table = read_file(run.metrics(), 1 << 30);
  if (table.ends_with('\n')) table.pop_back();
  const std::string_view row = std::string_view(table).substr(table.rfind('\n') + 1);
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0; begin <= row.size();) {
    const std::size_t end = std::min(row.find(',', begin), row.size());
    fields.push_back(row.substr(begin, end - begin));
    begin = end + 1;
  }
  if (fields.size() < 3) return "";
  return fmt::format("bound        after epoch {}: train ELBO {}, test ELBO {} nats per image\n", quote(fields[0]),
                     quote(fields[1]), quote(fields[2]));
}

}  // namespace

bool train(Options& options, const std::atomic<bool>& stop) {
  Config& config = options.config;
  if (config.vae.network == Network::convolutional) config.vae.hidden = {256};
  if (!options.hidden.empty()) config.vae.hidden = options.hidden;
  check_memory(config);
  NewRun made{.wanted = options.out};
  const Dataset data = load_dataset(config.data);
  if (config.data != "digits") config.data = fs::absolute(config.data).native();  // to resume from anywhere
  config.fingerprint = fingerprint(data.train);
  config.height = data.train.height;
  config.width = data.train.width;
  config.vae.data = data.train.size();
  config.vae.image = {config.height, config.width};
  settle_schedule(config, data);
  check_memory(config);
  Trainer trainer(config, data);
  write_file_atomically(made.run.config(), to_json(config));
  save_checkpoint(made.run.checkpoint("last"), trainer.save());  // so that any end finds something to resume from
  made.keep = true;
  print(fmt::format("{}: {}, {:.0f} parameters, {} + {} images of {}, {} {}\n", quote(made.run.folder.native()),
                    layer_sizes(config.vae), parameter_count(config.vae), data.train.count, data.test.count,
                    quote(data.name), threads(), threads() == 1 ? "thread" : "threads"));
  return train_and_report(trainer, made.run, stop);
}

bool resume(const Options& options, const std::atomic<bool>& stop) {
  auto [run, config, checkpoint, vae] = open(options);
  const std::int64_t finished = finished_epochs(checkpoint);
  const std::int64_t epochs = options.epochs > 0 ? options.epochs : config.epochs;
  if (epochs < finished)
    throw UsageError(fmt::format("--epochs must be at least {}, for that many are done", finished));
  if (epochs == finished) {
    print(fmt::format("nothing left to do: {} epochs are done; --epochs N makes it N in all\n", finished));
    return true;
  }
  const Dataset data = load_dataset(config.data);
  check_size(config, data.train);
  const bool longer = epochs != std::exchange(config.epochs, epochs);
  Trainer trainer(config, data, checkpoint);
  if (longer) write_file_atomically(run.config(), to_json(config));
  return train_and_report(trainer, run, stop);
}

void sample(const Options& options) {
  const auto [run, config, checkpoint, vae] = open(options);
  const fs::path file =
      options.out.empty() ? run.folder / fmt::format("samples-{}.png", options.seed) : fs::path(options.out);
  write_samples(file, config, vae, options.images, options.seed);
  print(fmt::format("{} new images: {}\n", options.images, quote(file.native())));
}

void reconstruct(const Options& options) {
  const auto [run, config, checkpoint, vae] = open(options);
  const Dataset data = load_dataset(config.data);
  check_size(config, data.test);
  const std::int64_t count = std::min(options.reconstructions, data.test.count);
  const fs::path file =
      options.out.empty() ? run.folder / fmt::format("reconstructions-{}.png", count) : fs::path(options.out);
  write_reconstructions(file, config, vae, data.test, count);
  print(fmt::format("{} test images over their reconstructions: {}\n", count, quote(file.native())));
}

void evaluate_run(const Options& options) {
  const auto [run, config, checkpoint, vae] = open(options);
  const Dataset data = load_dataset(options.data.empty() ? config.data : options.data);
  check_size(config, data.test);
  const Evaluation test = evaluate(vae, data.test, test_bits(config.binarize));
  print(fmt::format(
      "test ELBO       {:10.4f} nats per image\n"
      "log-likelihood  {:10.4f}\n"
      "KL divergence   {:10.4f}\n"
      "{} test images of {}, {}, {} likelihood, one draw of z per image from a fixed stream; {} checkpoint, epoch {}\n",
      test.elbo(), test.log_likelihood, test.kl, data.test.count, quote(data.name),
      config.binarize == Binarize::none ? "grey pixels" : "pixels drawn as bits once and for all",
      name_of(config.vae.likelihood), options.checkpoint, finished_epochs(checkpoint)));
}

void info(const Options& options) {
  const auto [run, config, checkpoint, vae] = open(options);
  std::error_code error;
  print(fmt::format("model        {}, {}, {} head, {} likelihood, {} initialiser\n", layer_sizes(config.vae),
                    name_of(config.vae.activation), name_of(config.vae.head), name_of(config.vae.likelihood),
                    name_of(config.vae.init)));
  print(fmt::format("parameters   {}\n", count(vae)));
  print(fmt::format("data         {}, {}, binarize {}, {} held out\n", quote(config.data), quote(config.fingerprint),
                    name_of(config.binarize), config.validation));
  print(fmt::format("training     {}, batch size {}, beta {}, clip {}, seed {}\n", optimizer_text(config),
                    config.batch_size, config.beta, config.clip, config.seed));
  print(fmt::format("progress     {} of {} epochs\n", finished_epochs(checkpoint), config.epochs));
  print(last_metrics(run));
  print(fmt::format("checkpoints  last{}\n", fs::exists(run.checkpoint("best"), error) ? ", best" : ""));
}

}  // namespace gradus::inline GRADUS_FLAVOUR

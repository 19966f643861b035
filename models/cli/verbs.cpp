#include "models/cli/verbs.h"

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

/// What the verbs' options are read into; each verb uses its own part.
struct Options {
  Config config;
  std::vector<std::int64_t> hidden;  // none: as the model has them
  std::string run;   // an existing run's folder
  std::string out;   // the new run's folder, or a picture; empty: the default
  std::string data;  // to evaluate on; empty: the run's own
  std::string checkpoint = "last";
  std::int64_t epochs = 0;  // to resume to; 0: as configured
  std::int64_t count = 0;
  std::uint64_t seed = 0;
};

// ---- options that several verbs have ----

constexpr std::int64_t kMostEpochs = 1'000'000;

void add_threads(Verb& verb) {
  verb.option("--threads", "N", "auto", "1 to 256; the results do not depend on it", [](std::string_view text) {
    const std::int64_t count = text == "auto" ? available_threads() : parse_count(text, "--threads", 1, 256);
    set_threads(static_cast<int>(count));
  });
}

void add_run(Verb& verb, Options& options) { verb.argument("RUN", options.run, "the folder of a run"); }

void add_checkpoint(Verb& verb, Options& options) {
  verb.choice<std::string>("--checkpoint", options.checkpoint, {{"last", "last"}, {"best", "best"}},
                           "the newest, or the best on the held-out images");
}

void add_picture(Verb& verb, Options& options, std::string description) {
  verb.option("--out", "FILE", "", std::move(description), [&options](std::string_view text) {
    // Nobody means to draw over a checkpoint.
    if (!text.ends_with(".png")) throw UsageError(fmt::format("--out must end in .png, not {}", quote(text)));
    options.out = text;
  });
}

// ---- what they share ----

/// "784-500-500-20-500-500-784", "1x28x28-32x14x14-64x7x7-256-20-256-64x7x7-32x14x14-1x28x28"
std::string layers(const VaeSettings& vae) {
  std::vector<std::string> names{fmt::to_string(vae.data)};
  if (vae.network == Network::convolutional) {
    names.clear();
    const auto [height, width] = vae.image;
    for (const auto& [channels, part] : {std::pair(1, 1), {32, 2}, {64, 4}})
      names.push_back(fmt::format("{}x{}x{}", channels, height / part, width / part));
  }
  for (const std::int64_t width : vae.hidden) names.push_back(fmt::to_string(width));
  const std::vector<std::string> back(names.rbegin(), names.rend());
  return fmt::format("{}-{}-{}", fmt::join(names, "-"), vae.latent, fmt::join(back, "-"));
}

/// As a double, because it is asked before anyone knows that it is a sensible number.
double parameter_count(const VaeSettings& vae) {
  const auto chain = [](double in, const auto& widths, double out, double heads) {
    double count = 0;
    for (const std::int64_t width : widths) {
      count += (in + 1) * static_cast<double>(width);
      in = static_cast<double>(width);
    }
    return count + heads * (in + 1) * out;
  };
  const bool convolutional = vae.network == Network::convolutional;
  const double data = static_cast<double>(vae.data) * (convolutional ? 64 / 16 : 1);  // or features
  const double convolutions = convolutional ? 2 * 9 * (32 + 32 * 64) + 32 + 64 + 32 + 1 : 0;
  const std::vector<std::int64_t> back(vae.hidden.rbegin(), vae.hidden.rend());
  return chain(data, vae.hidden, static_cast<double>(vae.latent), 2) +
         chain(static_cast<double>(vae.latent), back, data, 1) + convolutions;
}

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

// ---- the verbs ----

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
                    layers(config.vae), parameter_count(config.vae), data.train.count, data.test.count,
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
  write_samples(file, config, vae, options.count, options.seed);
  print(fmt::format("{} new images: {}\n", options.count, quote(file.native())));
}

void reconstruct(const Options& options) {
  const auto [run, config, checkpoint, vae] = open(options);
  const Dataset data = load_dataset(config.data);
  check_size(config, data.test);
  const std::int64_t count = std::min(options.count, data.test.count);
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

void info(const Options& options) {
  const auto [run, config, checkpoint, vae] = open(options);
  std::error_code error;
  print(fmt::format("model        {}, {}, {} head, {} likelihood, {} initialiser\n", layers(config.vae),
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

// ---- their options ----

void add_train(CommandLine& line, Options& options) {
  Config& c = options.config;
  Verb& verb = line.verb("train", "Trains a new model.",
                         "Examples:\n"
                         "  vae train                                the book's model on generated digits\n"
                         "  vae train --data mnist --epochs 10       on a folder of IDX files\n"
                         "  vae train --hidden 400 --activation relu --init fan-in --batch-size 128");
  verb.section("Data")
      .text("--data", "FOLDER", c.data,
            "\"digits\" (generated), or a folder of IDX files under MNIST's names,\nplain or gzip'ed")
      .choice("--binarize", c.binarize, named<Binarize>(), "draw pixels as bits: never, once, or anew at every use")
      .count("--validation", c.validation, 0, 1'000'000'000,
             "training images held out, from the end, to choose best.safetensors");
  verb.section("Model")
      .choice("--model", c.vae.network, named<Network>(),
              "the network; conv has two convolutions, 3 x 3 with stride 2, to 32\n"
              "and 64 channels before the hidden layers, and two back after them")
      .option("--hidden", "N,N", "500,500; conv: 256",
              "widths of the encoder's hidden layers; backwards in the decoder",
              [&options](auto text) { options.hidden = parse_sizes(text, "--hidden", 1, 65536, 64); })
      .count("--latent", c.vae.latent, 1, 65536, "latent dimensions")
      .choice("--activation", c.vae.activation, named<Activation::Kind>(), "of the hidden layers")
      .choice("--init", c.vae.init, named<Init>(), "how weights begin")
      .choice("--head", c.vae.head, named<Head>(), "what the encoder gives beside the mean")
      .choice("--likelihood", c.vae.likelihood, named<Likelihood>(), "p(x|z)");
  verb.section("Training")
      .real("--beta", c.beta, {.min = 0, .max = 1e6}, "weight of the KL divergence")
      .count("--epochs", c.epochs, 1, kMostEpochs, "passes over the training images")
      .count("--batch-size", c.batch_size, 1, 1 << 24, "images per batch")
      .real("--clip", c.clip, {.min = 0, .max = 1e30}, "largest norm of the gradient; 0: no limit")
      .seed("--seed", c.seed, "of all that is random");
  add_optimizer_options(verb, c);
  verb.section("Run").option("--out", "RUN", "",
                             "folder for the results, new or empty (default: the next of runs/1, runs/2, …)",
                             [&options](std::string_view text) { options.out = text; });
  add_threads(verb);
}

void add_others(CommandLine& line, Options& options) {
  Verb& resume = line.verb("resume", "Goes on with a training that was stopped, or makes it longer.");
  add_run(resume, options);
  resume.option("--epochs", "N", "", "passes over the training images in all (default: as it was begun)",
                [&options](std::string_view text) { options.epochs = parse_count(text, "--epochs", 1, kMostEpochs); });
  add_threads(resume);

  const auto count = [&options](std::string_view text) { options.count = parse_count(text, "--count", 1, 10'000); };
  Verb& sample = line.verb("sample", "Draws new images from a trained model.");
  add_run(sample, options);
  sample.option("--count", "N", "60", "how many", count);
  sample.seed("--seed", options.seed, "another seed, other images");
  add_picture(sample, options, "the picture (default: samples-SEED.png in RUN)");
  add_checkpoint(sample, options);
  add_threads(sample);

  Verb& reconstruct = line.verb("reconstruct", "Shows test images over what the model makes of them.");
  add_run(reconstruct, options);
  reconstruct.option("--count", "N", "10", "how many, from the first", count);
  add_picture(reconstruct, options, "the picture (default: reconstructions-COUNT.png in RUN)");
  add_checkpoint(reconstruct, options);
  add_threads(reconstruct);

  Verb& evaluate = line.verb("evaluate", "Measures the bound on the test images.");
  add_run(evaluate, options);
  evaluate.option("--data", "FOLDER", "", "other data: \"digits\" or a folder of IDX files (default: the run's own)",
                  [&options](std::string_view text) { options.data = text; });
  add_checkpoint(evaluate, options);
  add_threads(evaluate);

  Verb& info = line.verb("info", "Tells what a run is and how far it came.");
  add_run(info, options);
  add_checkpoint(info, options);
}

}  // namespace

bool run_command(const std::vector<std::string>& arguments, const std::atomic<bool>& stop) {
  Options options;
  CommandLine line("vae", "Trains variational autoencoders on images, and draws new images from them.",
                   "Examples:\n"
                   "  vae train --out first          train the book's model on generated digits\n"
                   "  vae sample first --seed 7      draw 60 new images\n"
                   "  vae train --help               all options of a verb\n"
                   "\n"
                   "Ctrl-C finishes the step, saves and stops; vae resume goes on as if nothing had happened.\n"
                   "Exit codes: 0 done, 2 usage, 3 data or files, 4 numbers that are not finite, 130 and 143 stopped.");
  add_train(line, options);
  add_others(line, options);
  const auto [verb, help, given] = line.parse(arguments);
  if (!verb) {
    print(help);
    return true;
  }
  const std::string& name = verb->name();
  if (options.count == 0) options.count = name == "sample" ? 60 : 10;
  if (name == "train") {
    settle_optimizer(options.config, given);
    return train(options, stop);
  }
  if (name == "resume") return resume(options, stop);
  if (name == "sample") sample(options);
  if (name == "reconstruct") reconstruct(options);
  if (name == "evaluate") evaluate_run(options);
  if (name == "info") info(options);
  return true;
}

}  // namespace gradus::inline GRADUS_FLAVOUR

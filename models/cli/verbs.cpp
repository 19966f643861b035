#include "models/cli/verbs.h"

#include "models/cli/commands.h"
#include "models/cli/optimizer_options.h"
#include "models/cli/print.h"
#include "nn/files/quote.h"
#include "tensor/parallel.h"

namespace GRADUS {

namespace {

constexpr IntegerRange kImages{1, 10'000};  // in a picture

void add_threads(Verb& verb) {
  verb.option("--threads", "N", "auto", "1 to 256; the results do not depend on it", [](std::string_view text) {
    const std::int64_t count = text == "auto" ? available_threads() : parse_count(text, "--threads", {1, 256});
    set_threads(static_cast<int>(count));
  });
}

void add_run(Verb& verb, Options& options) { verb.argument("RUN", options.run, "the folder of a run"); }

void add_checkpoint(Verb& verb, Options& options) {
  verb.choice<std::string>("--checkpoint", options.checkpoint, {{"last", "last"}, {"best", "best"}},
                           "the newest, or the best on the held-out images");
}

constexpr const char* kOtherData = "other data: \"digits\" or a folder of IDX files (default: the run's own)";

void add_data(Verb& verb, Options& options, std::string description) {
  verb.option("--data", "FOLDER", "", std::move(description),
              [&options](std::string_view text) { options.data = text; });
}

void add_transpose(Verb& verb, Options& options) {
  verb.option("--transpose", "NAME", "",
              "swap the rows and columns of every image: no or yes (default: as in training)",
              [&options](std::string_view text) {
                const std::string_view names[] = {"no", "yes"};
                options.transpose = parse_choice(text, "--transpose", names) == 1;
              });
}

void add_picture(Verb& verb, Options& options, std::string description) {
  verb.option("--out", "FILE", "", std::move(description), [&options](std::string_view text) {
    // Nobody means to draw over a checkpoint.
    if (!text.ends_with(".png")) throw UsageError(fmt::format("--out must end in .png, not {}", quote(text)));
    options.out = text;
  });
}

void add_train(CommandLine& line, Options& options) {
  const std::string& name = options.command;
  Config& c = options.config;
  Verb& verb =
      line.verb("train", "Trains a new model.",
                fmt::format("Examples:\n"
                            "  {0} train                                the default model on generated digits\n"
                            "  {0} train --data mnist --epochs 10       on a folder of IDX files\n"
                            "  {0} train --hidden 400 --activation relu --init fan-in --batch-size 128",
                            name));
  verb.section("Data")
      .text("--data", "FOLDER", c.data,
            "\"digits\" (generated), or a folder of IDX files under MNIST's names or\n"
            "EMNIST's (FOLDER/emnist-letters is one of several sets), plain or gzip'ed")
      .choice("--transpose", c.transpose, {{"no", false}, {"yes", true}},
              "swap the rows and columns of every image, as EMNIST's files need")
      .choice("--binarize", c.binarize, named<Binarize>(), "draw pixels as bits: never, once, or anew at every use")
      .count("--validation", c.validation, range::kValidation,
             "training images held out, from the end, to choose best.safetensors");
  verb.section("Model")
      .choice("--model", c.vae.network, named<Network>(),
              "the network; conv has two convolutions, 3 x 3 with stride 2, to 32\n"
              "and 64 channels before the hidden layers, and two back after them")
      .option(
          "--hidden", "N,N", "500,500; conv: 256", "widths of the encoder's hidden layers; backwards in the decoder",
          [&options](auto text) { options.hidden = parse_sizes(text, "--hidden", range::kHidden, range::kMostHidden); })
      .count("--latent", c.vae.latent, range::kLatent, "latent dimensions")
      .choice("--activation", c.vae.activation, named<Activation::Kind>(), "of the hidden layers")
      .choice("--init", c.vae.init, named<Init>(), "how weights begin")
      .choice("--head", c.vae.head, named<Head>(), "what the encoder gives beside the mean")
      .choice("--likelihood", c.vae.likelihood, named<Likelihood>(), "p(x|z)");
  verb.section("Training")
      .real("--beta", c.beta, range::kBeta, "weight of the KL divergence")
      .count("--epochs", c.epochs, range::kEpochs, "passes over the training images")
      .count("--batch-size", c.batch_size, range::kBatchSize, "images per batch")
      .real("--clip", c.clip, range::kClip, "largest norm of the gradient; 0: no limit")
      .seed("--seed", c.seed, "of the weights, the order of the images and all noise");
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
                [&options](std::string_view text) { options.epochs = parse_count(text, "--epochs", range::kEpochs); });
  add_data(resume, options, "where the run's data is now, if it was moved");
  add_threads(resume);

  Verb& sample = line.verb("sample", "Draws new images from a trained model.");
  add_run(sample, options);
  sample.count("--count", options.images, kImages, "how many");
  sample.seed("--seed", options.seed, "another seed, other images");
  add_picture(sample, options, "the picture (default: samples-SEED.png in RUN)");
  add_checkpoint(sample, options);
  add_threads(sample);

  Verb& reconstruct = line.verb("reconstruct", "Shows test images over what the model makes of them.");
  add_run(reconstruct, options);
  reconstruct.count("--count", options.reconstructions, kImages, "how many, from the first");
  add_data(reconstruct, options, kOtherData);
  add_transpose(reconstruct, options);
  add_picture(reconstruct, options, "the picture (default: reconstructions-COUNT.png in RUN)");
  add_checkpoint(reconstruct, options);
  add_threads(reconstruct);

  Verb& evaluate = line.verb("evaluate", "Measures the bound on the test images.");
  add_run(evaluate, options);
  add_data(evaluate, options, kOtherData);
  add_transpose(evaluate, options);
  add_checkpoint(evaluate, options);
  add_threads(evaluate);

  Verb& info = line.verb("info", "Tells what a run is and how far it came.");
  add_run(info, options);
  add_checkpoint(info, options);
}

}  // namespace

bool run_command(const std::string& command, const std::vector<std::string>& arguments, StopRequest& stop) {
  Options options;
  options.command = command;
  CommandLine line(command, "Trains variational autoencoders on images, and draws new images from them.",
                   fmt::format("Examples:\n"
                               "  {0} train --out first          train the default model on generated digits\n"
                               "  {0} sample first --seed 7      draw 60 new images\n"
                               "  {0} train --help               all options of a verb\n"
                               "\n"
                               "Ctrl-C finishes the step, saves and stops; resume goes on as if nothing had happened.\n"
                               "Exit codes: 0 done, 2 usage, 3 data or files, 4 numbers that are not finite,\n"
                               "129, 130 and 143 stopped by a closed terminal, Ctrl-C and kill.",
                               command));
  add_train(line, options);
  add_others(line, options);
  const auto [verb, help, given] = line.parse(arguments);
  if (!verb) {
    print(help);
    return true;
  }
  const std::string& name = verb->name();
  if (name == "train" || name == "resume") stop.heeded = true;
  if (name == "train") {
    settle_optimizer(options.config, given);
    return train(options, stop.made);
  }
  if (name == "resume") return resume(options, stop.made);
  if (name == "sample") sample(options);
  if (name == "reconstruct") reconstruct(options);
  if (name == "evaluate") evaluate_run(options);
  if (name == "info") info(options);
  return true;
}

}  // namespace GRADUS

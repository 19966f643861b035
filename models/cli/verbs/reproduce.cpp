#include "models/cli/verbs/reproduce.h"

#include <chrono>
#include <cmath>
#include <set>
#include <sstream>

#include "models/cli/options.h"
#include "models/cli/print.h"
#include "models/cli/progress.h"
#include "models/cli/recipes.h"
#include "models/cli/verbs/train.h"
#include "models/cli/version.h"
#include "models/compression/compress.h"
#include "models/data/sources.h"
#include "models/evaluation/detection.h"
#include "models/evaluation/importance.h"
#include "models/evaluation/scores.h"
#include "models/evaluation/squared_error.h"
#include "models/rbm.h"
#include "models/training/metrics.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace {

const Recipe& recipe_of(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Recipe& recipe : recipes()) {
    if (recipe.name == name) return recipe;
    names.push_back(recipe.name);
  }
  throw UsageError(
      fmt::format("there is no recipe {}{}\nhelp: --list tells them", quote(name), did_you_mean(name, names)));
}

/// "--hidden 400 --latent 20" as it stands on a line, and the class to leave out, if any.
Given given_of(const Recipe& recipe, int without) {
  Given given;
  if (without >= 0) given.options["--without"] = fmt::to_string(without);
  std::istringstream words(recipe.settings);
  for (std::string flag, value; words >> flag >> value;) given.options[flag] = value;
  return given;
}

/// The images of the training set that were, or were not, held out.
Images part_of(const Images& train, const Config& config, bool held_out) {
  const std::int64_t end = train.count - config.validation;
  return copied(train, held_out ? rows_between(end, train.count) : rows_between(0, end));
}

/// Bits per dimension of the test images, compressed; what the first ones were lent is had back and does not count.
double compressed_bits(const Opened& opened, const Images& test) {
  const BitsBack model(opened.config.model, opened.vae);
  CountDisplay display("compressing", test.count);
  const CompressedImages all =
      compress(model, test, opened.config.shown(), [&](std::int64_t done) { display.show(done); });
  display.finish();
  const double bits = 8 * static_cast<double>(to_bytes(all).size()) - static_cast<double>(all.initial_bits());
  return bits / static_cast<double>(test.count * opened.config.sample.numel());
}

/// How well the negative ELBO, with nothing subtracted, finds that class among all test images.
double left_out_auroc(const Opened& opened, int label, std::int64_t at_once) {
  const Config& config = opened.config;
  Taking taking = config.taking();
  taking.selection.without.clear();
  const Images all = load_spoken(config.data, Split::test, taking);
  std::vector<double> scores = image_scores(opened.vae, all, config.shown(), false, at_once).elbo;
  for (double& score : scores) score = -score;
  std::vector<bool> abnormal;
  for (const std::uint8_t each : all.labels) abnormal.push_back(each == label);
  return detection(scores, abnormal).auroc.value;
}

/// The variance of all pixels, as 0 … 1.
double pixel_variance(const Images& images) {
  double sum = 0, squares = 0;
  for (const std::uint8_t byte : images.pixels) {
    const double x = byte / 255.0;
    sum += x, squares += x * x;
  }
  const auto n = static_cast<double>(images.pixels.size());
  return squares / n - sum / n * (sum / n);
}

double measured_by(const Target& target, const Opened& opened, const Dataset& data) {
  const Config& config = opened.config;
  const Vae& vae = opened.vae;
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  const auto D = static_cast<double>(config.sample.numel());
  const auto elbo = [&] { return evaluate(vae, data.test, config.shown(), at_once).score(); };
  const auto held_out = [&] {
    return squared_error(vae, part_of(data.train, config, true), config.shown(), config.batch_size);
  };
  switch (target.quantity) {
    case Quantity::elbo: return elbo();
    case Quantity::importance: {
      CountDisplay display("importance sampling", data.test.count);
      const double found = importance(vae, data.test, config.shown(), target.draws, [&](std::int64_t done) {
                             display.show(done);
                           }).log_likelihood;
      display.finish();
      return found;
    }
    case Quantity::bits_per_dimension:
      return measure(config.model.likelihood, config.binarize != Binarize::none)
          .bits_per_dimension(elbo(), config.sample.numel())
          .value_or(NAN);
    case Quantity::elbo_after: {
      const auto columns = columns_in(read_metrics(opened.run, config, opened.at.epoch));
      const auto& epochs = columns.at("epoch");
      for (std::size_t row = 0; row < epochs.size(); ++row)
        if (epochs[row] == static_cast<double>(target.draws)) return columns.at("test_elbo")[row];
      return NAN;
    }
    case Quantity::squared_error: return held_out().per_pixel;
    case Quantity::and_penalty: {
      const SquaredError found = held_out();
      return found.per_pixel + 2 / D * found.penalty;
    }
    case Quantity::and_kl: {
      const SquaredError found = held_out();
      return found.per_pixel + found.kl / D;
    }
    case Quantity::relative_error: {
      const Images train = part_of(data.train, config, false);
      return squared_error(vae, train, config.shown(), at_once).per_pixel / pixel_variance(train);
    }
    case Quantity::compressed: return compressed_bits(opened, data.test);
    case Quantity::left_out_auroc: return left_out_auroc(opened, target.without, at_once);
    case Quantity::exact_log_likelihood: break;
  }
  throw Error("[reproduce] that is not measured of such a model");
}

/// The pixels above one half as bits, (N, D).
Tensor as_bits(const Images& images) {
  Tensor x({images.count, images.pixels_per_image()});
  const View view = x.write();
  for (std::size_t i = 0; i < images.pixels.size(); ++i) view.data[i] = images.pixels[i] > 127;
  return x;
}

double train_rbm(const Dataset& data, std::uint64_t seed) {
  constexpr int kEpochs = 50;
  const Tensor train = as_bits(data.train), test = as_bits(data.test);
  RbmTrainer trainer({.hidden = 16, .seed = seed}, train);
  CountDisplay display("training", kEpochs);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    trainer.epoch();
    display.show(epoch + 1);
  }
  display.finish();
  const Rbm& rbm = trainer.rbm();
  const double log_z = exact_log_z(rbm);
  // How far estimates of log Z are from it, for those who cannot add it up.
  Rng rng{.seed = seed, .stream = 1};
  const AnnealedLogZ there = forward_ais(rbm, train, 100, 10000, rng);
  const Tensor samples = rbm.gibbs(slice(train, 0, 0, 100), 10000, rng);
  const AnnealedLogZ back = reverse_ais(rbm, train, samples, 10000, rng);
  print(
      fmt::format("log Z {:.2f} exactly; by annealed importance sampling {:.2f} ({:.1f} of 100 chains count), and back "
                  "{:.2f} ({:.1f})\n",
                  log_z, there.log_z, there.effective_samples, back.log_z, back.effective_samples));
  return log_likelihood(rbm, test, log_z);
}

}  // namespace

bool ReproduceVerb::operator()(const Call& call) const {
  if (list) {
    print(shelf(logs, markdown));
    if (!markdown)
      print(fmt::format("to run one: {} reproduce NAME --data FOLDER --log {}/NAME.json\n", call.command, logs));
    return true;
  }
  if (name.empty()) throw UsageError("vae reproduce needs the NAME of a recipe\nhelp: --list tells them");
  const Recipe& recipe = recipe_of(name);
  if (!log.empty()) {
    if (std::filesystem::path(log).filename() != fmt::format("{}.json", recipe.name))
      throw UsageError(fmt::format("--log must be called {}.json, not {}", recipe.name, quote(log)));
    check_writable(log);
  }
  const std::string where = data.empty() ? recipe.data : data;
  print(fmt::format("{}: {}\n{}\n", recipe.name, recipe.settings, recipe.source));
  if (*recipe.but) print(fmt::format("but: {}\n", recipe.but));
  threads.apply();
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  RecipeRun run{.seed = seed, .measured = {}, .minutes = 0, .by = version_text()};
  run.by.pop_back();  // the end of the line
  if (recipe.rbm) {
    run.measured.push_back(train_rbm(load_spoken(where, {}), seed));
  } else {
    std::set<int> trainings;
    for (const Target& target : recipe.targets) trainings.insert(target.without);
    run.measured.resize(recipe.targets.size());
    for (const int without : trainings) {
      TrainVerb train;
      assign(given_of(recipe, without), [&](SettingsVisitor& to) { visit_settings(train, to); });
      train.config.data = where;
      train.config.seed = seed;
      train.threads = threads;
      train.out = out.empty() ? fmt::format("runs/{}-{}", recipe.name, seed) : out;
      if (without >= 0) train.out += fmt::format("-without-{}", without);
      if (!train(call)) return false;
      const Opened opened = open({train.out});
      const Dataset found = load_spoken(where, opened.config.taking());
      for (std::size_t t = 0; t < recipe.targets.size(); ++t)
        if (recipe.targets[t].without == without) run.measured[t] = measured_by(recipe.targets[t], opened, found);
    }
  }
  run.minutes = std::round(std::chrono::duration<double>(Clock::now() - start).count() / 6) / 10;
  for (std::size_t t = 0; t < recipe.targets.size(); ++t)
    print(fmt::format("{}: {:.5g}, published {} ± {}\n", name_of(recipe.targets[t]), run.measured[t],
                      recipe.targets[t].published, recipe.targets[t].tolerance));
  print(fmt::format("{}, in {:.1f} min\n", met(recipe, run) ? "met" : "missed", run.minutes));
  if (!log.empty()) write_log(log, recipe, run);
  return true;
}

}  // namespace GRADUS

// The options of the optimiser: every combination resumes with the same bits, configurations from before are read, what
// does not go together is refused, and the average of the weights is what is used.
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <cmath>

#include "models/cli/options.h"
#include "models/data/digits.h"
#include "models/training/pace.h"
#include "models/training/trainer.h"
#include "tests/files.h"
#include "tests/models/same_bits.h"

using namespace gradus;
using namespace gradus::test;

namespace {

const Dataset& seventy_digits() {
  static const Dataset data{.name = "digits", .train = generate_digits(70, 0), .test = generate_digits(10, 1)};
  return data;
}

Config optimizer_config() {
  Config config;
  config.model.network = {Dense{{9}}};
  config.model.latent = 4;
  config.batch_size = 16;
  config.epochs = 3;
  config.fingerprint = fingerprint(seventy_digits().train);
  return config;
}

/// What `vae train` makes of a line's options, on the digits above. Its sentences name options.
Config configured(const std::vector<std::string>& options) try {
  Config config = optimizer_config();
  const auto list = [&](SettingsVisitor& to) { visit_settings(config, to); };
  CommandLine line("vae", "", "");
  offer(line.verb("train", "Trains."), list);
  std::vector<std::string> arguments = {"train"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  assign(line.parse(arguments).given, list);
  config.check();
  settle_schedule(config, seventy_digits().train.count);
  return config;
} catch (const SettingError& error) {
  throw UsageError(spoken(error.what(), as_flag));
}

const std::vector<std::string> kOptimizers[] = {
    {},
    {"--optimizer", "adamw", "--weight-decay", "0.2"},
    {"--optimizer", "sgd", "--lr", "1e-3"},
    {"--optimizer", "sgd", "--lr", "1e-3", "--nesterov", "yes", "--momentum", "0.8"},
    {"--optimizer", "sgd", "--lr", "1e-3", "--momentum", "0"},
    {"--optimizer", "adagrad"},
    {"--optimizer", "rmsprop"},
    {"--optimizer", "rmsprop", "--momentum", "0.5"}};
const std::vector<std::string> kSchedules[] = {{},
                                               {"--schedule", "step", "--decay-steps", "2", "--decay-factor", "0.5"},
                                               {"--schedule", "cosine", "--warmup", "3"},
                                               {"--schedule", "cosine", "--decay-steps", "4", "--decay-factor", "0.01"},
                                               {"--warmup", "4"}};
const std::vector<std::string> kOthers[] = {
    {}, {"--ema", "0.75"}, {"--accumulate", "3"}, {"--ema", "0.75", "--accumulate", "2"}};

double worst_difference(const Checkpoint& a, const Checkpoint& b) {
  double worst = 0;
  for (const auto& [name, x] : a.tensors) {
    const std::vector<Real> u = x.values(), v = b.tensors.at(name).values();
    for (std::size_t i = 0; i < u.size(); ++i) {
      const double off = std::abs(static_cast<double>(u[i]) - v[i]);
      if (!(off <= worst)) worst = off;
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("optimizer options: every combination goes on from a file at any step with the same bits") {
  const Folder folder;
  const auto file = folder.path / "last.safetensors";
  int combinations = 0;
  for (const auto& optimizer : kOptimizers)
    for (const auto& schedule : kSchedules)
      for (const auto& others : kOthers) {
        std::vector<std::string> options = optimizer;
        options.insert(options.end(), schedule.begin(), schedule.end());
        options.insert(options.end(), others.begin(), others.end());
        const Config config = configured(options);
        const Config read = config_from_json(to_json(config), "config.json");
        CHECK(to_json(read) == to_json(config));
        INFO(fmt::format("{}", fmt::join(options, " ")));
        Trainer whole(config, seventy_digits());
        const auto steps = std::min<std::int64_t>(steps_per_epoch(config, seventy_digits().train.count) - 1, 4);
        REQUIRE(steps >= 1);
        for (std::int64_t step = 0; step < steps; ++step) {
          if (step == steps / 2) save_checkpoint(file, whole.save());
          whole.step();
        }
        Trainer part(read, seventy_digits(), load_checkpoint(file));
        for (std::int64_t step = steps / 2; step < steps; ++step) part.step();
        check_equal(part.save(), whole.save());
        ++combinations;
      }
  CHECK(combinations == 8 * 5 * 4);
}

TEST_CASE("optimizer options: each of them makes a difference") {
  std::vector<Checkpoint> ends;
  for (const auto& options : {std::vector<std::string>{},
                              {"--optimizer", "adamw"},
                              {"--optimizer", "adamw", "--weight-decay", "0.2"},
                              {"--optimizer", "sgd", "--lr", "1e-3"},
                              {"--optimizer", "sgd", "--lr", "1e-3", "--momentum", "0.5"},
                              {"--optimizer", "sgd", "--lr", "1e-3", "--momentum", "0.5", "--nesterov", "yes"},
                              {"--optimizer", "adagrad"},
                              {"--optimizer", "rmsprop"},
                              {"--optimizer", "rmsprop", "--momentum", "0.5"},
                              {"--schedule", "step", "--decay-steps", "1"},
                              {"--schedule", "step", "--decay-steps", "2"},
                              {"--schedule", "step", "--decay-steps", "1", "--decay-factor", "0.5"},
                              {"--schedule", "cosine"},
                              {"--schedule", "cosine", "--decay-factor", "0"},
                              {"--warmup", "5"},
                              {"--accumulate", "2"}}) {
    Trainer trainer(configured(options), seventy_digits());
    for (int step = 0; step < 3; ++step)
      if (step < 2 || options.empty() || options[0] != "--accumulate") trainer.step();
    ends.push_back(trainer.save());
    for (std::size_t i = 0; i + 1 < ends.size(); ++i)
      CHECK_MESSAGE(ends[i].tensors.at("decoder.output.weight").values() !=
                        ends.back().tensors.at("decoder.output.weight").values(),
                    i, " and ", fmt::format("{}", fmt::join(options, " ")));
  }
}

TEST_CASE("optimizer options: accumulated batches are the large batch, up to rounding") {
  Config large = optimizer_config();
  large.batch_size = 32;  // of 70: two steps of 32, one of 6
  large.binarize = Binarize::dynamically;
  Config parts = large;
  parts.batch_size = 16;
  parts.accumulate = 2;
  Trainer a(large, seventy_digits()), b(parts, seventy_digits());
  for (int step = 0; step < 2; ++step) {
    a.step();
    b.step();
  }
  // Two draws of noise for 16 x 4 are the one for 32 x 4. Where the pixels' bits are drawn in between, they are not,
  // but as many.
  CHECK(a.save().metadata.at("generator.counter") == b.save().metadata.at("generator.counter"));
  large.binarize = parts.binarize = Binarize::none;
  Trainer c(large, seventy_digits()), d(parts, seventy_digits());
  for (int step = 0; step < 2; ++step) {
    c.step();
    d.step();
  }
  const double worst = worst_difference(c.save(), d.save());
  MESSAGE("differs by ", worst);
  CHECK(worst <= (sizeof(Real) == 8 ? 1e-9 : 1e-4));
  CHECK(worst_difference(c.save(), Trainer(large, seventy_digits()).save()) > 1e-3);
  parts.batch_size = 35;  // one step of 35 + 35
  CHECK(steps_per_epoch(parts, seventy_digits().train.count) == 1);
  parts.batch_size = 24;  // 24 + 24, 22
  CHECK(steps_per_epoch(parts, seventy_digits().train.count) == 2);
}

TEST_CASE("optimizer options: the average of the weights is saved, and is the model that is used") {
  Config config = configured({"--ema", "0.9"});
  Trainer trainer(config, seventy_digits());
  for (int step = 0; step < 3; ++step) trainer.step();
  const Checkpoint checkpoint = trainer.save();
  const std::string name = "decoder.output.weight";
  CHECK(checkpoint.tensors.at("average." + name).values() != checkpoint.tensors.at(name).values());
  CHECK(state(trainer.vae()).at(name).values() == checkpoint.tensors.at("average." + name).values());
  CHECK(state(load_vae(config, checkpoint)).at(name).values() == checkpoint.tensors.at("average." + name).values());
  CHECK(state(load_vae(config, checkpoint, "")).at(name).values() == checkpoint.tensors.at(name).values());
  // The training itself does not depend on it.
  config.ema = 0;
  Trainer plain(config, seventy_digits());
  for (int step = 0; step < 3; ++step) plain.step();
  CHECK(plain.save().tensors.at(name).values() == checkpoint.tensors.at(name).values());
  CHECK(plain.save().tensors.count("average." + name) == 0);
  CHECK(state(plain.vae()).at(name).values() == checkpoint.tensors.at(name).values());
}

TEST_CASE("optimizer options: what does not go together is one sentence that names the option") {
  const std::pair<std::vector<std::string>, std::string> lines[] = {
      {{"--momentum", "0.5"}, "--momentum needs --optimizer sgd or rmsprop"},
      {{"--momentum", "0.5", "--optimizer", "adagrad"}, "--momentum needs --optimizer sgd or rmsprop"},
      {{"--nesterov", "yes"}, "--nesterov needs --optimizer sgd"},
      {{"--nesterov", "yes", "--optimizer", "rmsprop"}, "--nesterov needs --optimizer sgd"},
      {{"--nesterov", "yes", "--optimizer", "sgd", "--momentum", "0"}, "--nesterov needs a --momentum above 0"},
      {{"--weight-decay", "0.1"}, "--weight-decay needs --optimizer adamw"},
      {{"--decay-steps", "5"}, "--decay-steps needs --schedule step or cosine"},
      {{"--decay-factor", "0.1"}, "--decay-factor needs --schedule step or cosine"},
      {{"--schedule", "step"}, "--schedule step needs --decay-steps"},
      {{"--schedule", "step", "--decay-steps", "5", "--decay-factor", "0"},
       "--decay-factor must be above 0 with --schedule step: a rate of 0 learns nothing"},
      {{"--schedule", "cosine", "--warmup", "15"},
       "--warmup 15 leaves none of the 15 steps of the training to --schedule cosine\nhelp: give it a length with "
       "--decay-steps"},
      {{"--momentum", "1", "--optimizer", "sgd"}, "--momentum must be a number from 0 to below 1, not \"1\""},
      {{"--momentum", "-0.1", "--optimizer", "sgd"}, "--momentum must be a number from 0 to below 1, not \"-0.1\""},
      {{"--ema", "1"}, "--ema must be a number from 0 to below 1, not \"1\""},
      {{"--ema", "nan"}, "--ema must be a number from 0 to below 1, not \"nan\""},
      {{"--decay-steps", "0", "--schedule", "step"},
       "--decay-steps must be a whole number from 1 to 1000000000000, not \"0\""},
      {{"--decay-factor", "1.5", "--schedule", "step"}, "--decay-factor must be a number from 0 to 1, not \"1.5\""},
      {{"--warmup", "-1"}, "--warmup must be a whole number from 0 to 1000000000, not \"-1\""},
      {{"--accumulate", "0"}, "--accumulate must be a whole number from 1 to 1048576, not \"0\""},
      {{"--schedule", "linear"}, "--schedule must be constant, step or cosine, not \"linear\""},
      {{"--nesterov", "--momentum"}, "--momentum needs a value"},
      {{"--nesterov", "true", "--optimizer", "sgd"}, "--nesterov must be no or yes, not \"true\""},
  };
  for (const auto& entry : lines) {
    INFO(fmt::format("{}", fmt::join(entry.first, " ")));
    CHECK(error_of([&] { configured(entry.first); }) == entry.second);
  }
}

TEST_CASE("optimizer options: a learning rate that falls to 0 before the end is refused, and so is a longer training") {
  const auto says = [](const std::vector<std::string>& options) { return error_of([&] { configured(options); }); };
  const std::string help = "\nhelp: choose more --decay-steps or a larger --decay-factor";
  CHECK(says({"--schedule", "cosine", "--decay-factor", "0"}) == "no error");
  CHECK(says({"--schedule", "cosine", "--decay-factor", "0", "--decay-steps", "14"}) ==
        "the learning rate is 0 from step 15 of 15 on: nothing more would be learnt" + help);
  CHECK(says({"--schedule", "cosine", "--decay-factor", "0", "--decay-steps", "4", "--warmup", "2"}) ==
        "the learning rate is 0 from step 7 of 15 on: nothing more would be learnt" + help);
  // In float, 1e-3 · 1e-10ⁿ is 0 from n = 5 on, below half of 2^-149; in double not before n = 33.
  CHECK(says({"--schedule", "step", "--decay-factor", "1e-10", "--decay-steps", "2"}) ==
        (sizeof(Real) == 4 ? "the learning rate is 0 from step 11 of 15 on: nothing more would be learnt" + help
                           : "no error"));
  Config config = configured({"--schedule", "cosine", "--decay-factor", "0"});
  CHECK_FALSE(first_idle_step(config, 15).has_value());
  CHECK(first_idle_step(config, 16) == 15);
  CHECK(first_idle_step(config, 1'000'000) == 15);
}

TEST_CASE("optimizer options: defaults that depend on others") {
  const auto momentum = [](const std::vector<std::string>& options) {
    const Config config = configured(options);
    const auto* sgd = std::get_if<Sgd>(&config.optimizer.chosen);
    return sgd ? sgd->momentum : std::get<RmsProp>(config.optimizer.chosen).momentum;
  };
  CHECK(momentum({"--optimizer", "sgd"}) == 0);
  CHECK(momentum({"--optimizer", "rmsprop"}) == 0);
  CHECK(momentum({"--optimizer", "sgd", "--momentum", "0"}) == 0);
  CHECK(momentum({"--momentum", "0.25", "--optimizer", "sgd"}) == 0.25);  // in any order
  const auto decay_steps = [](const std::vector<std::string>& options) {
    return std::get<CosineSchedule>(configured(options).schedule.chosen).decay_steps;
  };
  CHECK(decay_steps({"--schedule", "cosine"}) == 15);  // 3 epochs of 70 images in batches of 16
  CHECK(decay_steps({"--schedule", "cosine", "--warmup", "4", "--accumulate", "2"}) == 5);
  CHECK(decay_steps({"--schedule", "cosine", "--decay-steps", "4"}) == 4);
}

TEST_CASE("optimizer options: members of a configuration that make no sense are errors") {
  const std::string good = to_json(configured({"--schedule", "cosine"}));
  const auto with = [&](const std::string& from, const std::string& to) {
    const std::size_t at = good.find(from);
    REQUIRE(at != std::string::npos);
    return error_of([&] { config_from_json(std::string(good).replace(at, from.size(), to), "config.json"); });
  };
  CHECK(with("\"ema\": 0.0", "\"ema\": 0.5") == "no error");
  CHECK(contains(with("\"ema\": 0.0", "\"ema\": 2"), "\"ema\" is 2, but must be a number from 0 to below 1"));
  CHECK(contains(with("\"lr\": 0.001", "\"lr\": 0"), "\"lr\" is 0, but must be a number above 0 and at most "));
  CHECK(contains(with("\"lr\": 0.001", "\"lr\": 1e400"), "it holds a number that is too large"));
  CHECK(contains(with("\"lr\": 0.001", "\"nesterov\": true"), "\"nesterov\" needs \"optimizer\" sgd"));
  CHECK(contains(with("\"decay_steps\": 15", "\"decay_steps\": 0"), "\"decay_steps\" is not a whole number from 1 to"));
  CHECK(contains(with("\"accumulate\": 1", "\"accumulate\": 0"), "\"accumulate\" is not a whole number from 1 to"));
  CHECK(contains(with("\"schedule\": \"cosine\"", "\"schedule\": \"linear\""),
                 "\"schedule\" is \"linear\", which is not one of its kinds"));
  CHECK(contains(with("\"warmup\": 0", "\"warm\": 0"), "\"warm\" is not known to this program"));
}

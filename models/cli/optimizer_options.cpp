#include "models/cli/optimizer_options.h"

namespace GRADUS {

void add_optimizer_options(Verb& verb, Config& c) {
  const auto momentum = [&c](auto text) { c.momentum = parse_real(text, "--momentum", range::kDecay); };
  verb.section("Optimizer")
      .choice("--optimizer", c.optimizer, named<OptimizerKind>(), "how parameters follow their gradients")
      .real("--lr", c.lr, range::kLr, "learning rate")
      .option("--momentum", "X", "sgd 0.9, rmsprop 0", "of sgd and rmsprop", momentum)
      .choice("--nesterov", c.nesterov, {{"no", false}, {"yes", true}}, "sgd looks ahead along its momentum")
      .real("--weight-decay", c.weight_decay, range::kWeightDecay, "of adamw, decoupled from the gradient")
      .choice("--schedule", c.schedule, named<Schedule::Kind>(), "how the learning rate changes")
      .option("--decay-steps", "N", "",
              "steps between two falls of the rate (step), or of its whole fall\n(cosine; by default the training's; a "
              "longer one stays there)",
              [&c](auto text) { c.decay_steps = parse_count(text, "--decay-steps", range::kDecaySteps); })
      .real("--decay-factor", c.decay_factor, range::kDecayFactor, "what a fall leaves of the rate")
      .count("--warmup", c.warmup, range::kWarmup, "steps in front of the schedule on which the rate rises to --lr")
      .real(
          "--ema", c.ema, range::kDecay,
          "decay of an average of the weights, to be used in their place (of no more\nthan about the last tenth of the "
          "steps so far); 0: none is kept")
      .count("--accumulate", c.accumulate, range::kAccumulate, "batches whose gradients make one step");
}

void settle_optimizer(Config& c, const std::set<std::string>& given) {
  const bool sgd = c.optimizer == OptimizerKind::sgd;
  const auto needs = [&](const char* flag, bool met, const char* what) {
    if (given.contains(flag) && !met) throw UsageError(fmt::format("{} needs {}", flag, what));
  };
  needs("--momentum", sgd || c.optimizer == OptimizerKind::rmsprop, "--optimizer sgd or rmsprop");
  needs("--nesterov", sgd, "--optimizer sgd");
  needs("--weight-decay", c.optimizer == OptimizerKind::adamw, "--optimizer adamw");
  needs("--decay-steps", c.schedule != Schedule::constant, "--schedule step or cosine");
  needs("--decay-factor", c.schedule != Schedule::constant, "--schedule step or cosine");
  if (!given.contains("--momentum")) c.momentum = default_momentum(c.optimizer);
  if (c.nesterov && c.momentum == 0) throw UsageError("--nesterov yes needs a --momentum above 0");
  if (c.schedule == Schedule::step && c.decay_steps == 0) throw UsageError("--schedule step needs --decay-steps");
  if (c.schedule == Schedule::step && c.decay_factor == 0)
    throw UsageError("--decay-factor must be above 0 with --schedule step: a rate of 0 learns nothing");
}

std::string idle_text(const Config& c, std::int64_t images) {
  const std::int64_t steps = c.epochs * steps_per_epoch(c, images);
  const auto idle = first_idle_step(c, steps);
  return idle ? fmt::format("the learning rate is 0 from step {} of {} on: nothing more would be learnt", *idle + 1,
                            steps)
              : "";
}

void settle_schedule(Config& c, const Dataset& data) {
  const std::int64_t steps = c.epochs * steps_per_epoch(c, data.train.count);
  if (c.schedule == Schedule::cosine && c.decay_steps == 0) {
    if (c.warmup >= steps)
      throw UsageError(fmt::format("--warmup {} leaves none of the {} steps of the training to --schedule cosine\n"
                                   "help: give it a length with --decay-steps",
                                   c.warmup, steps));
    c.decay_steps = steps - c.warmup;
  }
  if (const std::string idle = idle_text(c, data.train.count); !idle.empty())
    throw UsageError(idle + "\nhelp: choose more --decay-steps or a larger --decay-factor");
}

std::string optimizer_text(const Config& c) {
  std::string text = fmt::format("{}, lr {}", name_of(c.optimizer), c.lr);
  if (c.momentum > 0) text += fmt::format(", {}momentum {}", c.nesterov ? "Nesterov " : "", c.momentum);
  if (c.optimizer == OptimizerKind::adamw) text += fmt::format(", weight decay {}", c.weight_decay);
  if (c.warmup > 0) text += fmt::format(", {} steps of warm-up", c.warmup);
  if (c.schedule == Schedule::step) text += fmt::format(", times {} every {} steps", c.decay_factor, c.decay_steps);
  if (c.schedule == Schedule::cosine)
    text += fmt::format(", cosine to {} of it in {} steps", c.decay_factor, c.decay_steps);
  if (c.ema > 0) text += fmt::format(", average of the weights with decay {}", c.ema);
  if (c.accumulate > 1) text += fmt::format(", {} batches a step", c.accumulate);
  return text;
}

}  // namespace GRADUS

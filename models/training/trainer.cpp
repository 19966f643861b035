#include "models/training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/tape.h"
#include "models/evaluation/active_units.h"
#include "models/training/curves.h"
#include "models/training/first_not_finite.h"
#include "models/training/health.h"
#include "models/training/pace.h"
#include "models/training/streams.h"
#include "nn/accumulate.h"
#include "nn/clip.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"
#include "tensor/parallel.h"

namespace GRADUS {

// The last `count` images.
static Images last_images(const Images& images, std::int64_t count) {
  Images last = copied(images, rows_between(images.count - count, images.count));
  last.name = "validation";
  return last;
}

Trainer::Trainer(const Config& config, const Dataset& data, Vae vae)
    : config_(config),
      data_(data),
      train_count_(data.train.count - config.validation),
      steps_per_epoch_(steps_per_epoch(config, data.train.count)),
      vae_(std::move(vae)),
      optimizer_(config.new_optimizer()),
      schedule_(config.new_schedule()) {
  at_.rng = {.seed = config.seed, .stream = stream::kTraining};
  for (const Images& images : {std::cref(data.train), std::cref(data.test)})
    check_size(images.name, images.shape(), config.sample);
  held_out_ = last_images(data.train, config.validation);
  if (config.ema > 0) average_ = Average<Vae>{vae_, config.ema};
}

// Not when its pictures would be too large: that is said before its weights are drawn.
static Vae first_vae(const Config& config, const Dataset& data) {
  check_samples(config);
  Vae vae = new_vae(config);
  const std::int64_t there = data.train.count - config.validation;
  if (const std::int64_t wanted = std::min(vae.latent.wanted(), there); wanted > 0) {
    Rng rng{.seed = config.seed, .stream = stream::kBegin};
    const Indices order = permutation(there, rng);
    vae.latent.begin(training_batch(data.train, std::span(order.values).first(wanted), config.shown(), rng));
  }
  return vae;
}

Trainer::Trainer(const Config& config, const Dataset& data) : Trainer(config, data, first_vae(config, data)) {
  shuffle();
}

void Trainer::shuffle() {
  Rng rng{.seed = config_.seed, .stream = stream::kShuffle, .counter = static_cast<std::uint64_t>(at_.epoch) << 40};
  order_ = permutation(train_count_, rng);
}

constexpr const char* kDiverged =
    "help: try a smaller learning rate, or clip the gradient; the last checkpoint is as it was";

constexpr std::int64_t kLooks = 16;  // one of so many steps measures its gradient's norm, which costs a pass over it

// Whatever is not finite on the way back soon reaches a bias; to look at all gradients would cost a pass over them.
static bool biases_are_finite(const std::vector<Tensor>& gradients) {
  return std::ranges::all_of(gradients, [](const Tensor& gradient) {
    if (gradient.rank() != 1) return true;
    const Tensor g = detach_contiguous(gradient);
    const Real* data = g.view().data;
    return std::all_of(data, data + g.numel(), [](Real v) { return std::isfinite(v); });
  });
}

void Trainer::tell(Wrong what, std::string sentence) {
  if (!sentence.empty() && told_.insert(what).second) remarks_.push_back(std::move(sentence));
}

void Trainer::flush(const Observer& observer) {
  for (const std::string& sentence : std::exchange(remarks_, {})) observer.remark(sentence);
}

bool Trainer::stopped_early() const {
  return config_.stop_early > 0 && at_.epoch - at_.best_epoch >= config_.stop_early;
}

void Trainer::step() {
  check(at_.step < steps_per_epoch_, "[trainer] all images of the epoch are used");
  const std::int64_t begin = at_.step * images_per_step(), end = std::min(begin + images_per_step(), train_count_);
  std::vector<Tensor> gradients;
  double log_likelihood = 0, kl = 0;
  Context context{.training = true, .rng = at_.rng};
  const Objective::Weights weights = config_.objective.at(optimizer_.steps, config_.epochs * steps_per_epoch_);
  for (std::int64_t at = begin; at < end; at += config_.batch_size) {
    const auto rows = std::span(order_.values).subspan(at, std::min(config_.batch_size, end - at));
    const Minibatch batch = training_batch(data_.train, rows, config_.shown(), at_.rng);
    const Rng before = at_.rng;
    const auto fail = [&](const std::string& what) {
      const std::string found = first_not_finite(vae_, batch, rows, config_.objective, weights, before);
      throw NumericError(fmt::format("{} in epoch {}, step {} of {}{}{}\n{}", what, at_.epoch + 1, at_.step + 1,
                                     steps_per_epoch_, found.empty() ? "" : ": ", found, kDiverged));
    };

    Tape tape(parameters(vae_));
    const Bound bound = gradus::bound(vae_, batch, config_.objective, context);
    const Tensor loss = config_.objective.loss(bound, weights);
    if (!std::isfinite(loss.item())) fail(fmt::format("the loss is {}", loss.item()));
    std::vector<Tensor> found = tape.gradient(loss);
    if (!biases_are_finite(found)) fail("a gradient is not finite");
    const double share = static_cast<double>(rows.size()) / static_cast<double>(end - begin);
    accumulate(gradients, std::move(found), share);
    log_likelihood += share * mean(bound.log_likelihood).item();
    const double batch_kl = mean(bound.total_kl()).item();
    kl += share * batch_kl;
    if (explodes(batch_kl, config_.sample) && !told_.contains(Wrong::kl))
      tell(Wrong::kl, kl_remark(batch_kl, bound, rows, config_.sample, at_.epoch + 1, at_.step + 1));
  }
  if (at_.step % kLooks == 0) at_.gradient_norm += global_norm(gradients);
  if (!std::isfinite(at_.gradient_norm))
    throw NumericError(fmt::format("the norm of the gradient is not finite in epoch {}, step {} of {}\n{}",
                                   at_.epoch + 1, at_.step + 1, steps_per_epoch_, kDiverged));
  if (config_.clip > 0) clip_global_norm(gradients, config_.clip);
  optimizer_.step(vae_, gradients, schedule_(optimizer_.steps));
  if (average_) average_->update(vae_);
  at_.log_likelihood += steps_of(end - begin) * log_likelihood;
  at_.kl += steps_of(end - begin) * kl;
  if (config_.objective.changes()) weights_ = weights;
  ++at_.step;
}

/// What would fail at the end of an epoch fails before it.
static void check_places(const Run& run, const Config& config, bool best) {
  for (const auto& file : {run.samples(config.ending()), run.reconstructions(config.ending()), run.metrics(),
                           run.curves(), run.checkpoint("last"), run.checkpoint(kUnmeasured)})
    check_writable(file);
  if (best) check_writable(run.checkpoint("best"));
}

static void remove_unmeasured(const Run& run) {
  std::error_code error;  // what stays is older than the last checkpoint
  std::filesystem::remove(run.checkpoint(kUnmeasured), error);
}

bool Trainer::train(const Run& run, const Observer& observer, const std::atomic<bool>& stop) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  const Clock::time_point start = Clock::now();
  Clock::time_point epoch_start = start;
  std::int64_t images = 0;
  check_places(run, config_, config_.keeps_best());
  std::string metrics = read_metrics(run, config_, at_.epoch);
  tell(Wrong::pixels, pixel_remark(config_, data_.train));
  flush(observer);
  while (at_.epoch < config_.epochs && !stopped_early()) {
    while (at_.step < steps_per_epoch_) {
      if (stop) {
        save_checkpoint(run.checkpoint("last"), save());
        observer.saving();
        return false;
      }
      step();
      if (!remarks_.empty()) flush(observer);
      const std::int64_t done = std::min(at_.step * images_per_step(), train_count_);
      images += done - (at_.step - 1) * images_per_step();
      const double steps = steps_of(done), speed = static_cast<double>(images) / seconds_since(start);
      const std::int64_t left = (config_.epochs - at_.epoch) * train_count_ - done;
      observer.step({.epoch = at_.epoch + 1,
                     .epochs = config_.epochs,
                     .images = done,
                     .images_per_epoch = train_count_,
                     .so_far = so_far(steps),
                     .weights = weights_,
                     .images_per_second = speed,
                     .seconds_left = static_cast<double>(left) / speed});
    }
    save_checkpoint(run.checkpoint(kUnmeasured), save());  // what fails from here on costs no epoch …
    try {
      finish_epoch(run, observer, seconds_since(epoch_start), metrics);
    } catch (const NumericError&) {  // … unless it is the epoch itself that failed
      remove_unmeasured(run);
      throw;
    }
    remove_unmeasured(run);
    epoch_start = Clock::now();
  }
  return true;
}

Evaluation Trainer::so_far(double steps) const {
  Evaluation mean{.log_likelihood = at_.log_likelihood / steps};
  if (config_.model.pricing() != Pricing::none) mean.kl = at_.kl / steps;
  return mean;
}

Evaluation Trainer::finite_evaluation(const Images& images) const {
  const Evaluation found = evaluate(vae(), images, config_.shown(), images_at_once(vae(), config_.batch_size));
  if (!std::isfinite(found.score()))
    throw NumericError(fmt::format("the bound on the images of {} is not finite after epoch {}\n"
                                   "{}",
                                   quote(images.name), at_.epoch, kDiverged));
  return found;
}

// By the codes that stand for the first test images, for all would cost an epoch some 2 %; of those that have a q(z|x)
// that could be the prior in some dimensions.
std::optional<double> Trainer::count_active_units() const {
  const Pricing pricing = config_.model.pricing();
  if (pricing == Pricing::none || config_.model.code.is<CodebookCode>()) return std::nullopt;
  const std::int64_t at_once = images_at_once(vae(), config_.batch_size);
  return static_cast<double>(active_units(vae(), data_.test, config_.shown(), at_once, 2000).count());
}

// Both models keep what was fitted to the codes of the one in use, for the average takes the other's as they are.
void Trainer::fit_codes() {
  if (!vae_.latent.fits()) return;
  const Pause no_derivatives;
  const std::int64_t at_once = images_at_once(vae(), config_.batch_size);
  Rng rng{.seed = config_.seed, .stream = stream::kFit};
  Context context{.training = false, .rng = rng};
  std::vector<Tensor> codes;
  for (std::int64_t begin = 0; begin < train_count_; begin += at_once) {
    const auto rows = rows_between(begin, std::min(begin + at_once, train_count_));
    codes.push_back(vae().latent.code(training_batch(data_.train, rows, config_.shown(), rng), context));
  }
  const Tensor all = concat(codes, 0);
  vae_.latent.fit(all);
  if (average_) average_->module.latent.fit(all);
}

// The checkpoint comes last: whoever resumes from it finds everything before it done.
void Trainer::finish_epoch(const Run& run, const Observer& observer, double seconds, std::string& table) {
  const double steps = steps_of(train_count_);
  const double looks = static_cast<double>(ceil_div(steps_per_epoch_, kLooks));
  EpochMetrics metrics{.epoch = at_.epoch + 1,
                       .train = so_far(steps),
                       .test = {},
                       .seconds = seconds,
                       .weights = weights_,
                       .gradient_norm = at_.gradient_norm / looks};
  ++at_.epoch;
  at_.step = 0;
  at_.log_likelihood = at_.kl = at_.gradient_norm = 0;
  shuffle();
  fit_codes();
  // Before anything is written: the bounds throw when something is not finite.
  metrics.test = finite_evaluation(data_.test);
  metrics.active_units = count_active_units();
  const double score = held_out_.count > 0 ? finite_evaluation(held_out_).score() : metrics.test.score();
  const bool best = config_.keeps_best() && score > at_.best;
  if (best) at_.best = score, at_.best_epoch = at_.epoch;
  tell(Wrong::collapse, collapse_remark(config_, metrics, optimizer_.steps));
  tell(Wrong::dead_codes, dead_codes_remark(vae(), metrics, data_.test.count));
  tell(Wrong::logits, logits_remark(config_, vae(), data_.test));
  const Checkpoint checkpoint = save();
  write_samples(run.samples(config_.ending()), config_, vae(), kPictured, config_.seed);
  write_reconstructions(run.reconstructions(config_.ending()), config_, vae(), data_.test, 10);
  observer.saving();
  if (best) save_checkpoint(run.checkpoint("best"), checkpoint);
  if (config_.save_every > 0 && at_.epoch % config_.save_every == 0)
    save_checkpoint(run.checkpoint(fmt::format("epoch-{}", at_.epoch)), checkpoint);

  table += csv_row(config_, metrics);
  write_file_atomically(run.metrics(), table);
  write_file_atomically(run.curves(), curves(table));
  save_checkpoint(run.checkpoint("last"), checkpoint);
  observer.epoch(metrics);
  flush(observer);
}

// ----- what a checkpoint holds ---------------------------------------------------------------------------------

Checkpoint Trainer::save() {
  Checkpoint checkpoint{.tensors = state(vae_), .metadata = {}};
  if (average_)
    for (const auto& [name, x] : state(average_->module)) checkpoint.tensors.emplace(kAveraged + name, x);
  optimizer_.for_each_moment(
      vae_, [&](const std::string& name, Tensor& moment) { checkpoint.tensors.emplace("optimizer." + name, moment); });
  Position at = at_;
  at.steps = optimizer_.steps;
  checkpoint.metadata = metadata_of(config_, at);
  return checkpoint;
}

/// The model to go on with. Error when the data is not that of the run.
static Vae saved_vae(const Config& config, const Dataset& data, const Checkpoint& checkpoint) {
  const std::string train = fingerprint(data.train), test = fingerprint(data.test);
  check(train == config.fingerprint, "{} is not the data of this run: it is {}, the run was trained on {}",
        quote(data.name), quote(train), quote(config.fingerprint));
  check(config.test_fingerprint.empty() || test == config.test_fingerprint,
        "the test images of {} are not those of this run: they are {}, the run was measured on {}", quote(data.name),
        quote(test), quote(config.test_fingerprint));
  return load_vae(config, checkpoint, "");
}

Trainer::Trainer(const Config& config, const Dataset& data, const Checkpoint& checkpoint)
    : Trainer(config, data, saved_vae(config, data, checkpoint)) {
  at_ = read_position(config, checkpoint);
  optimizer_.steps = at_.steps;
  if (average_) {
    average_->module = load_vae(config, checkpoint, kAveraged);
    average_->updates = optimizer_.steps;
  }
  optimizer_.for_each_moment(vae_, [&](const std::string& name, Tensor& moment) {
    const auto found = checkpoint.tensors.find("optimizer." + name);
    check(found != checkpoint.tensors.end() && found->second.shape() == moment.shape(),
          "{} has no fitting \"optimizer.{}\"", name_of(checkpoint), name);
    moment = detach(found->second);
  });
  shuffle();
}

}  // namespace GRADUS

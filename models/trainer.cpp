#include "models/trainer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "autograd/tape.h"
#include "nn/atomic_file.h"
#include "nn/input_file.h"
#include "nn/quote.h"

namespace gradus::inline GRADUS_FLAVOUR {

constexpr const char* kMetricsHeader = "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds\n";

static Vae new_vae(const Config& config) {
  Rng rng{.seed = config.seed, .stream = stream::kInit};
  return Vae(config.vae, rng);
}

static Optimizer new_optimizer(const Config& config) {
  if (config.optimizer == OptimizerKind::adam) return Optimizer(Adam{.lr = config.lr});
  return Optimizer(Sgd{.lr = config.lr, .momentum = 0.9});
}

// The last `count` images.
static Images last_images(const Images& images, std::int64_t count) {
  Images last{.name = "validation", .count = count, .height = images.height, .width = images.width};
  last.pixels.assign(images.pixels.end() - count * images.size(), images.pixels.end());
  return last;
}

Trainer::Trainer(const Config& config, const Dataset& data, Vae vae)
    : config_(config), data_(data), train_count_(data.train.count - config.validation), vae_(std::move(vae)),
      optimizer_(new_optimizer(config)), rng_{.seed = config.seed, .stream = stream::kTraining} {
  check(train_count_ > 0, "--validation {} leaves none of the {} training images of {} to train on", config.validation,
        data.train.count, quote(data.name));
  held_out_ = last_images(data.train, config.validation);
}

Trainer::Trainer(const Config& config, const Dataset& data) : Trainer(config, data, new_vae(config)) { shuffle(); }

std::int64_t Trainer::steps_per_epoch() const { return (train_count_ + config_.batch_size - 1) / config_.batch_size; }

void Trainer::shuffle() {
  Rng rng{.seed = config_.seed, .stream = stream::kShuffle, .counter = static_cast<std::uint64_t>(at_.epoch) << 40};
  order_ = permutation(train_count_, rng);
}

void Trainer::step() {
  const std::int64_t begin = at_.step * config_.batch_size;
  const std::int64_t size = std::min(config_.batch_size, train_count_ - begin);
  const auto rows = std::span(order_.values).subspan(begin, size);
  Tensor x = batch_of(data_.train, rows, {config_.binarize == Binarize::fixed, stream::kTrainBits});  // (B, D)
  if (config_.binarize == Binarize::dynamic) x = uniform(x.shape(), rng_) < x;

  Tape tape(parameters(vae_));
  const Elbo bound = elbo(vae_, x, rng_);
  const Tensor loss = -mean(bound.value(static_cast<Real>(config_.beta)));
  if (!std::isfinite(loss.item()))
    throw NumericError(fmt::format(
        "the loss is {} in epoch {}, step {} of {}\nhelp: try a smaller --lr or --clip; the last checkpoint is as it was",
        loss.item(), at_.epoch + 1, at_.step + 1, steps_per_epoch()));
  std::vector<Tensor> gradients = tape.gradient(loss);
  if (config_.clip > 0) clip_global_norm(gradients, config_.clip);
  optimizer_.step(vae_, gradients);

  at_.log_likelihood += mean(bound.log_likelihood).item();
  at_.kl += mean(bound.kl).item();
  ++at_.step;
}

bool Trainer::train(const Run& run, const Observer& observer, const std::atomic<bool>& stop) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  const Clock::time_point start = Clock::now();
  Clock::time_point epoch_start = start;
  std::int64_t images = 0;
  while (at_.epoch < config_.epochs) {
    while (at_.step < steps_per_epoch()) {
      if (stop) {
        save_checkpoint(run.checkpoint("last"), save());
        return false;
      }
      step();
      const std::int64_t done = std::min(at_.step * config_.batch_size, train_count_);
      images += done - (at_.step - 1) * config_.batch_size;
      const double steps = static_cast<double>(at_.step), speed = static_cast<double>(images) / seconds_since(start);
      const std::int64_t left = (config_.epochs - at_.epoch) * train_count_ - done;
      observer.step({.epoch = at_.epoch + 1, .epochs = config_.epochs, .images = done, .of = train_count_,
                     .elbo = (at_.log_likelihood - at_.kl) / steps, .log_likelihood = at_.log_likelihood / steps,
                     .kl = at_.kl / steps, .images_per_second = speed,
                     .seconds_left = static_cast<double>(left) / speed});
    }
    finish_epoch(run, observer, seconds_since(epoch_start));
    epoch_start = Clock::now();
  }
  return true;
}

// The checkpoint comes last: whoever resumes from it finds everything before it done.
void Trainer::finish_epoch(const Run& run, const Observer& observer, double seconds) {
  const double steps = static_cast<double>(at_.step);
  EpochMetrics metrics{.epoch = at_.epoch + 1, .train_elbo = (at_.log_likelihood - at_.kl) / steps, .test = {},
                       .seconds = seconds};
  ++at_.epoch;
  at_.step = 0;
  at_.log_likelihood = at_.kl = 0;
  shuffle();
  const Checkpoint checkpoint = save();  // before anything is written: it throws when a parameter is not finite

  metrics.test = evaluate(vae_, data_.test, test_bits(config_.binarize));
  if (held_out_.count > 0) {
    const double bound = evaluate(vae_, held_out_, test_bits(config_.binarize)).elbo();
    if (bound > at_.best) {
      at_.best = bound;
      save_checkpoint(run.checkpoint("best"), save());
    }
  }
  write_samples(run.samples(), config_, vae_, 60, config_.seed);
  write_reconstructions(run.reconstructions(), config_, vae_, data_.test, 10);

  std::string table = kMetricsHeader;
  if (at_.epoch > 1) {  // a run killed before its checkpoint may have left a row too many
    const std::string before = read_file(run.metrics(), 1 << 30);
    std::size_t end = 0;
    for (std::int64_t line = 0; line < at_.epoch && end != std::string::npos; ++line) end = before.find('\n', end + 1);
    check(end != std::string::npos, "{} has fewer than {} rows", quote(run.metrics().native()), at_.epoch - 1);
    table = before.substr(0, end + 1);
  }
  table += fmt::format("{},{:.4f},{:.4f},{:.4f},{:.4f},{:.2f}\n", metrics.epoch, metrics.train_elbo,
                       metrics.test.elbo(), metrics.test.log_likelihood, metrics.test.kl, metrics.seconds);
  write_file_atomically(run.metrics(), table);
  save_checkpoint(run.checkpoint("last"), save());
  observer.epoch(metrics);
}

// ----- what a checkpoint holds ---------------------------------------------------------------------------------

Checkpoint Trainer::save() {
  Checkpoint checkpoint{.tensors = state(vae_), .metadata = {}};
  for (const auto& [name, x] : checkpoint.tensors)
    for (const Real value : x.values())
      if (!std::isfinite(value))
        throw NumericError(fmt::format(
            "{} holds a number that is not finite after epoch {}, step {}\nhelp: try a smaller --lr or --clip; the last "
            "checkpoint is as it was", name, at_.epoch, at_.step));
  optimizer_.for_each_moment(vae_, [&](const std::string& name, Tensor& moment) {
    checkpoint.tensors.emplace("optimizer." + name, moment);
  });
  checkpoint.metadata = {
      {"model", "vae"},
      {"data", config_.fingerprint},
      {"epoch", std::to_string(at_.epoch)},
      {"position", std::to_string(at_.step)},
      {"step", std::to_string(optimizer_.steps)},
      {"generator.seed", std::to_string(rng_.seed)},
      {"generator.stream", std::to_string(rng_.stream)},
      {"generator.counter", std::to_string(rng_.counter)},
      {"epoch_log_likelihood", fmt::format("{}", at_.log_likelihood)},
      {"epoch_kl", fmt::format("{}", at_.kl)},
      {"best_validation_elbo", fmt::format("{}", at_.best)},
  };
  return checkpoint;
}

template <class T>
static void read(const Checkpoint& checkpoint, const char* name, T& number) {
  const auto found = checkpoint.metadata.find(name);
  check(found != checkpoint.metadata.end(), "the checkpoint does not say \"{}\"", name);
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc() && end == text.data() + text.size(), "the checkpoint's \"{}\" is {}, which is no number of its kind",
        name, quote(text));
}

Trainer::Trainer(const Config& config, const Dataset& data, const Checkpoint& checkpoint)
    : Trainer(config, data, load_vae(config, checkpoint)) {
  check(fingerprint(data.train) == config.fingerprint,
        "{} is not the data of this run: it is {}, the run was trained on {}", quote(data.name), fingerprint(data.train),
        config.fingerprint);
  read(checkpoint, "epoch", at_.epoch);
  read(checkpoint, "position", at_.step);
  read(checkpoint, "step", optimizer_.steps);
  read(checkpoint, "generator.seed", rng_.seed);
  read(checkpoint, "generator.stream", rng_.stream);
  read(checkpoint, "generator.counter", rng_.counter);
  read(checkpoint, "epoch_log_likelihood", at_.log_likelihood);
  read(checkpoint, "epoch_kl", at_.kl);
  read(checkpoint, "best_validation_elbo", at_.best);
  check(at_.epoch >= 0 && at_.step >= 0 && at_.step < steps_per_epoch() && optimizer_.steps >= 0,
        "the checkpoint is at step {} of an epoch of {}", at_.step, steps_per_epoch());
  optimizer_.for_each_moment(vae_, [&](const std::string& name, Tensor& moment) {
    const auto found = checkpoint.tensors.find("optimizer." + name);
    check(found != checkpoint.tensors.end() && found->second.shape() == moment.shape(),
          "the checkpoint has no fitting \"optimizer.{}\"", name);
    moment = detach(found->second);
  });
  shuffle();
}

}  // namespace gradus::inline GRADUS_FLAVOUR

// What a training computes, held against the same written out by hand; tests/models/test_trainer.cpp asks for the same
// bits however it is run.
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "models/data/digits.h"
#include "models/pictures/figures.h"
#include "models/training/streams.h"
#include "models/training/trainer.h"
#include "nn/average.h"
#include "nn/clip.h"
#include "tests/files.h"
#include "tests/models/some_digits.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Config training_config(const Dataset& data) {
  Config config;
  config.fingerprint = fingerprint(data.train);
  config.model.network = {Dense{{20, 10}}};
  config.model.latent = 3;
  config.batch_size = 16;
  config.seed = 5;
  return config;
}

std::map<std::string, std::vector<Real>> numbers(const Checkpoint& checkpoint) {
  std::map<std::string, std::vector<Real>> all;
  for (const auto& [name, x] : checkpoint.tensors) all[name] = x.values();
  return all;
}

/// The images begin … end-1.
Images part(const Images& images, std::int64_t begin, std::int64_t end) {
  Images some{.name = images.name, .count = end - begin, .height = images.height, .width = images.width};
  some.pixels.assign(images.pixels.begin() + begin * images.pixels_per_image(),
                     images.pixels.begin() + end * images.pixels_per_image());
  return some;
}

std::vector<std::vector<double>> table(const Run& run) {
  std::vector<std::vector<double>> rows;
  std::istringstream lines(get(run.metrics()));
  std::string line, field;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    for (rows.emplace_back(); std::getline(fields, field, ',');) rows.back().push_back(std::stod(field));
  }
  return rows;
}

}  // namespace

/// Two epochs of a training with these settings, and the same written out.
static void follow_by_hand(double clip, double lr) {
  const Dataset data = some_digits(70, 10);
  Config config = training_config(data);
  config.epochs = 2;
  config.binarize = Binarize::dynamically;
  config.objective.beta = 4;
  config.optimizer = {Sgd{.lr = lr, .momentum = 0.9}};  // its steps are in proportion to the gradients
  config.clip = clip;
  config.schedule = {CosineSchedule{.decay_steps = 3}};
  config.warmup = 2;
  config.ema = 0.7;
  config.accumulate = 2;
  config.validation = 10;
  const Folder folder;
  Trainer trainer(config, data);
  std::vector<Progress> told;
  Observer observer;
  observer.step = [&](const Progress& progress) { told.push_back(progress); };
  REQUIRE(trainer.train({folder.path}, observer, never));
  REQUIRE(told.size() == 4);

  Rng init{.seed = config.seed, .stream = stream::kInit}, draws{.seed = config.seed, .stream = stream::kTraining};
  Vae vae = make_vae(config.model, config.sample, init);
  const Vae at_first = vae;
  Average<Vae> average(vae, config.ema);
  Optimizer optimizer(Sgd{.lr = lr, .momentum = 0.9});
  const Schedule schedule{Schedule::cosine, 3, 0.1, config.warmup};
  Context context{.training = true, .rng = draws};
  for (std::uint64_t epoch = 0, taken = 0; epoch < 2; ++epoch) {
    Rng shuffling{.seed = config.seed, .stream = stream::kShuffle, .counter = epoch << 40};
    const Indices order = permutation(60, shuffling);  // the last 10 images are held out
    std::int64_t begin = 0;
    double log_likelihood = 0, kl = 0;  // of the epoch
    for (const std::vector<std::int64_t>& sizes : {std::vector<std::int64_t>{16, 16}, {16, 12}}) {
      const Real all = static_cast<Real>(sizes[0] + sizes[1]);
      std::vector<Tensor> gradients;
      for (const std::int64_t size : sizes) {
        Tensor x({size, 784});
        fill_batch(data.train, std::span(order.values).subspan(begin, size), x.write());
        begin += size;
        x = uniform(x.shape(), draws) < x;
        Tape tape(parameters(vae));
        const Bound bound = gradus::bound(vae, {x}, {}, context);
        log_likelihood += sum(bound.log_likelihood).item();
        kl += sum(*bound.kl).item();
        const std::vector<Tensor> parts = tape.gradient(sum(4 * bound.total_kl() - bound.log_likelihood) * (1 / all));
        for (std::size_t i = 0; i < parts.size(); ++i)
          gradients.size() == i ? gradients.push_back(parts[i]) : void(gradients[i] = gradients[i] + parts[i]);
      }
      const Real norm = static_cast<Real>(global_norm(gradients));
      if (clip > 0) {
        CHECK(norm > clip);
        for (Tensor& g : gradients) g = g * (static_cast<Real>(clip) / norm);
      }
      optimizer.step(vae, gradients, schedule(static_cast<std::int64_t>(taken++)));
      average.update(vae);
    }
    const Progress& last = told[2 * epoch + 1];
    CHECK(std::abs(last.so_far.log_likelihood - log_likelihood / 60) <= 1e-4 * std::abs(log_likelihood / 60));
    CHECK(std::abs(*last.so_far.kl - kl / 60) <= 1e-4 * kl / 60);
  }
  const auto got = numbers(trainer.save());
  const auto check_close = [&](const Vae& expected, const std::string& prefix) {
    const std::map<std::string, Tensor> before = state(at_first);
    for (const auto& entry : state(expected)) {
      const std::string name = prefix + entry.first;
      const std::vector<Real>& a = got.at(name);
      const std::vector<Real> b = entry.second.values(), first = before.at(entry.first).values();
      double largest = 0, off = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max<double>(largest, std::abs(b[i] - first[i]));
        off = std::max<double>(off, std::abs(a[i] - b[i]));
      }
      INFO(name, ": ", off, " of ", largest);
      CHECK(largest > 0);
      CHECK(off <= 1e-3 * largest);
    }
  };
  check_close(vae, "");
  check_close(average.module, kAveraged);
}

TEST_CASE("training: two epochs are a loop over the bound's gradients, clipped, scheduled and averaged") {
  follow_by_hand(3, 0.02);
  follow_by_hand(0, 1e-5);
}

TEST_CASE("training: a bound that is told is that of its epoch, and the best is that of the images held out") {
  Dataset data = some_digits(40, 10);
  for (std::size_t i = 30 * 784; i < data.train.pixels.size(); ++i) data.train.pixels[i] ^= 0xff;
  Config config = training_config(data);
  config.validation = 10;  // those black on white, whose bound falls when the others are learnt
  config.optimizer = {Adam{.lr = 0.01}};
  config.epochs = 8;
  const Folder folder;
  const Run run{folder.path};
  std::vector<double> held;
  std::vector<Progress> told;
  const auto train = [&](Trainer trainer) {
    const Observer observer{
        .step = [&](const Progress& progress) { told.push_back(progress); },
        .epoch =
            [&](const EpochMetrics& metrics) {
              held.push_back(evaluate(trainer.vae(), part(data.train, 30, 40), Binarize::none).score());
              const Evaluation test = evaluate(trainer.vae(), data.test, Binarize::none);
              CHECK(metrics.epoch == static_cast<std::int64_t>(held.size()));
              CHECK(metrics.test.log_likelihood == test.log_likelihood);
              CHECK(metrics.test.kl == test.kl);
            }};
    CHECK(trainer.train(run, observer, never));
  };
  train(Trainer(config, data));
  config.epochs = 10;
  train(Trainer(config, data, load_checkpoint(run.checkpoint("last"))));  // what was best is known to a resumed run

  REQUIRE(held.size() == 10);
  const auto best = std::max_element(held.begin(), held.end());
  INFO(fmt::format("{}", fmt::join(held, " ")));
  CHECK(best < held.begin() + 7);  // or the last, or the last before the resume, would do
  CHECK(load_checkpoint(run.checkpoint("best")).metadata.at("epoch") == std::to_string(best - held.begin() + 1));
  CHECK(std::stod(load_checkpoint(run.checkpoint("last")).metadata.at("best_validation_elbo")) == *best);

  const auto rows = table(run);  // epoch, train_elbo, test_elbo, test_log_likelihood, test_kl, seconds
  REQUIRE(rows.size() == 10);
  REQUIRE(told.size() == 20);
  for (std::size_t e = 0; e < rows.size(); ++e) {
    CHECK(rows[e][0] == static_cast<double>(e + 1));
    CHECK(std::abs(rows[e][2] - (rows[e][3] - rows[e][4])) < 2e-4);
    CHECK(rows[e][3] < 0);
    CHECK(rows[e][4] > 0);
    const Progress &first = told[2 * e], &last = told[2 * e + 1];
    CHECK(first.epoch == static_cast<std::int64_t>(e + 1));
    CHECK(first.images == 16);
    CHECK(last.images == 30);
    CHECK(last.images_per_epoch == 30);
    CHECK(std::abs(*last.so_far.elbo() - rows[e][1]) < 1e-4);
    for (const Progress& progress : {first, last}) {
      CHECK(std::abs(*progress.so_far.elbo() - (progress.so_far.log_likelihood - *progress.so_far.kl)) <=
            1e-9 * std::abs(*progress.so_far.elbo()));
      CHECK(*progress.so_far.kl > 0);
      CHECK((progress.seconds_left == 0) == (e == 7 || e == 9) * (progress.images == 30));
    }
  }
}

TEST_CASE("training: images held out are not trained on, all others are") {
  const Dataset data = some_digits(40, 10);
  Config config = training_config(data);
  config.validation = 10;
  const auto weights = [&](std::int64_t changed) {
    Dataset other = data;
    if (changed >= 0)
      for (std::int64_t i = 0; i < 784; ++i) other.train.pixels[changed * 784 + i] ^= 0xff;
    Trainer trainer(config, other);
    for (int step = 0; step < 2; ++step) trainer.step();
    return numbers(trainer.save());
  };
  const auto whole = weights(-1);
  for (const std::int64_t image : {30, 39}) CHECK(weights(image) == whole);
  for (const std::int64_t image : {0, 29}) CHECK(weights(image) != whole);
}

TEST_CASE("training: what is asked to stop is saved where it stands") {
  const Dataset data = some_digits(40, 10);
  const Folder folder;
  const Run run{folder.path};
  Trainer trainer(training_config(data), data);
  trainer.step();
  const std::atomic<bool> stop{true};
  CHECK_FALSE(trainer.train(run, {}, stop));
  const Checkpoint checkpoint = load_checkpoint(run.checkpoint("last"));
  CHECK(checkpoint.metadata.at("position") == "1");
  CHECK(numbers(checkpoint) == numbers(trainer.save()));
}

TEST_CASE("training: a checkpoint whose numbers no training arrives at is refused in a sentence") {
  const Dataset data = some_digits(40, 10);
  const Config config = training_config(data);
  const Checkpoint good = Trainer(config, data).save();
  const auto says = [&](const std::string& name, const std::string& text) {
    Checkpoint changed = good;
    changed.metadata[name] = text;
    return error_of([&] { Trainer(config, data, changed); });
  };
  CHECK(contains(says("position", "4"), "is at step 4 of an epoch of 3"));
  CHECK(contains(says("position", "3"), "the optimiser took 0 steps, but 0 epochs of 3 and 3 more are 3"));
  CHECK(contains(says("position", "-1"), "is at step -1 of an epoch of 3"));
  CHECK(contains(says("position", "1x"), "says \"position\" is \"1x\""));
  CHECK(contains(says("epoch", "-1"), "was saved after epoch -1"));
  CHECK(contains(says("epoch", "2"), "the optimiser took 0 steps, but 2 epochs of 3 and 0 more are 6"));
  CHECK(contains(says("step", "-1"), "the optimiser took -1 steps"));
  CHECK(contains(says("model", "gan\x1b"), "a model of the kind \"gan\\x1b\", not a \"vae\""));
  CHECK(contains(says("data", "40x28x28 crc32:00000000"), "was trained on \"40x28x28 crc32:00000000\", but the run"));
  CHECK(contains(says("generator.seed", "6"), "was trained with the seed 6, but the run that it lies in with 5"));
  for (const auto& [name, text] : {std::pair("generator.stream", "4"),
                                   {"generator.counter", "7"},
                                   {"epoch_kl", "nan"},
                                   {"epoch_kl", "1"},
                                   {"epoch_log_likelihood", "-inf"},
                                   {"best_validation_elbo", "inf"},
                                   {"best_validation_elbo", "-100"},
                                   {"best_validation_elbo", "nan"}})
    CHECK(contains(says(name, text), "numbers that no training arrives at"));
  Checkpoint changed = good;
  changed.tensors.at("optimizer.m.decoder.output.bias") = zeros({3});
  CHECK(contains(error_of([&] { Trainer(config, data, changed); }), "no fitting \"optimizer.m.decoder.output.bias\""));
}

TEST_CASE("evaluation: every image once, each with its own draw") {
  const Images images = generate_digits(700, 3);  // more than a batch of it
  Rng rng{.seed = 1};
  const Vae vae = make_vae({.network = {Dense{{5}}}, .latent = 2}, {}, rng);
  Context context{.training = false, .rng = rng};
  Rng noise{.seed = 0, .stream = stream::kTest};
  double log_likelihood = 0, kl = 0;
  for (const auto& [begin, end] : {std::pair(0, 500), std::pair(500, 700)}) {
    const Images some = part(images, begin, end);
    Tensor x({some.count, 784});
    const View view = x.write();
    for (std::size_t i = 0; i < some.pixels.size(); ++i) view.data[i] = static_cast<Real>(some.pixels[i]) / 255;
    const Normal q = *vae.latent.posterior({x}, context);
    const Tensor z = q.rsample(normal({1, some.count, 2}, noise));
    log_likelihood += sum(vae.decoder.log_likelihood({x}, z, context)).item();
    kl += sum(kl_divergence(q, StandardNormal{})).item();
  }
  const Evaluation got = evaluate(vae, images, Binarize::none);
  CHECK(std::abs(got.log_likelihood - log_likelihood / 700) <= 1e-5 * std::abs(log_likelihood / 700));
  CHECK(std::abs(*got.kl - kl / 700) <= 1e-5 * kl / 700);
  // As it was measured before anybody asked for memory: the default model, and convolutions.
  CHECK(images_at_once(empty_vae({}, {}), 32) == 500);
  CHECK(images_at_once(empty_vae({.network = {Conv{}}}, {}), 32) == 500);
  CHECK(images_at_once(empty_vae({.network = {Conv{}}}, {1, 256, 256}), 32) == 32);
}

TEST_CASE("evaluation and pictures take no more memory than a training step, and what fails in them costs no epoch") {
  // Convolutions, where what is computed on the way is far larger than images and parameters.
  const auto large = [](std::int64_t count) {
    Images images{.name = "large", .count = count, .height = 64, .width = 64};
    for (std::int64_t i = 0; i < count * 64 * 64; ++i) images.pixels.push_back(static_cast<std::uint8_t>(i * i % 251));
    return images;
  };
  const Dataset data{.name = "large", .train = large(18), .test = large(70)};
  Config config = training_config(data);
  config.fingerprint = fingerprint(data.train);
  config.sample = {1, 64, 64};
  config.model.network = {Conv{{8}}};
  config.batch_size = 8;
  config.validation = 2;
  config.epochs = 2;
  const Folder folder;
  const auto run_of = [&](const char* name) {
    const Run run{folder.path / name};
    std::filesystem::create_directory(run.folder);
    put(run.config(), to_json(config));
    return run;
  };

  release_pool();
  std::int64_t step_peak = 0;
  {
    Trainer steps(config, data);
    reset_pool_peak();
    for (int step = 0; step < 2; ++step) steps.step();
    step_peak = pool_statistics().peak_live_bytes;
    reset_pool_peak();
    evaluate(steps.vae(), data.test, {}, images_at_once(steps.vae(), config.batch_size));
    write_samples(folder.path / "s.png", config, steps.vae(), 60, 1);
    write_reconstructions(folder.path / "r.png", config, steps.vae(), data.test, 10);
    CHECK(pool_statistics().peak_live_bytes <= step_peak);
  }
  const Run whole = run_of("whole");
  reset_pool_peak();
  REQUIRE(Trainer(config, data).train(whole, {}, never));
  CHECK(pool_statistics().peak_live_bytes <= step_peak + step_peak / 16);

  // The picture cannot be written, which nobody could have known when the epoch began.
  const Run part = run_of("part");
  const Observer observer{.step = [&](const Progress& progress) {
    if (progress.images == progress.images_per_epoch) std::filesystem::create_directory(part.samples());
  }};
  Trainer failing(config, data);
  CHECK(contains(error_of([&] { failing.train(part, observer, never); }), "it is a folder"));
  CHECK_FALSE(std::filesystem::exists(part.checkpoint("last")));
  save_checkpoint(part.checkpoint("last"), Trainer(config, data).save());  // as `train` begins with
  std::filesystem::remove(part.samples());
  const Checkpoint left = newest_checkpoint(part);
  CHECK(left.metadata.at("step") == "2");
  Trainer goes_on(config, data, left);
  REQUIRE(goes_on.train(part, {.step = [](const Progress& p) { CHECK(p.epoch == 2); }}, never));
  for (const char* file : {"last.safetensors", "best.safetensors", "samples.png", "reconstructions.png"})
    CHECK(get(part.folder / file) == get(whole.folder / file));
  CHECK_FALSE(std::filesystem::exists(part.checkpoint(kUnmeasured)));
}

TEST_CASE("bits: pixels of the images' probabilities, an image's own wherever it stands") {
  const Images images = generate_digits(10, 3);
  for (const Binarize binarize : {Binarize::statically, Binarize::dynamically}) {
    const std::vector<std::int64_t> pair{3, 5}, one{5};
    const Tensor x = test_batch(images, pair, binarize).x;
    const std::vector<Real> both = x.values(), second = test_batch(images, one, binarize).x.values();
    CHECK(std::equal(second.begin(), second.end(), both.begin() + 784));
    for (std::size_t i = 0; i < both.size(); ++i) {
      const int pixel = images.pixels[(i < 784 ? 3 : 5 - 1) * 784 + i];
      CHECK((both[i] == 0 || both[i] == 1));
      if (pixel == 0) CHECK(both[i] == 0);
      if (pixel == 255) CHECK(both[i] == 1);
    }
  }
}

TEST_CASE("pictures: samples from the prior, test images over their reconstructions, of few images too") {
  const Dataset data = some_digits(20, 6);  // fewer test images than the picture shows at most
  Config config = training_config(data);
  config.epochs = 1;
  config.binarize = Binarize::statically;
  config.ema = 0.5;
  const Folder folder;
  const Run run{folder.path / "run"};
  std::filesystem::create_directory(run.folder);
  Trainer trainer(config, data);
  REQUIRE(trainer.train(run, {}, never));
  const auto bytes_of = [&](const Canvas& canvas) {
    write_png(folder.path / "by hand.png", canvas);
    return get(folder.path / "by hand.png");
  };
  const Vae& vae = trainer.vae();
  Rng none;
  Context context{.training = false, .rng = none};
  Rng prior{.seed = config.seed, .stream = stream::kPrior};
  const Tensor images = vae.decoder.mean(normal({60, 3}, prior), {}, context);
  CHECK(get(run.samples()) == bytes_of(grid(images.values(), 60, {1, 28, 28}, 10)));
  const std::vector<std::int64_t> rows{0, 1, 2, 3, 4, 5};
  const Minibatch batch = test_batch(data.test, rows, config.binarize);
  const Tensor x = batch.x, y = vae.decoder.mean(vae.latent.code(batch, context), {}, context);
  CHECK(get(run.reconstructions()) == bytes_of(pairs(x.values(), y.values(), 6, {1, 28, 28}, 6)));
}

// What a training says of itself when it goes wrong: each is provoked, and said in its words; what it keeps of health in
// metrics.csv and in its pictures; and when it ends early.
#include <cmath>

#include "models/data/digits.h"
#include "models/training/curves.h"
#include "models/training/first_not_finite.h"
#include "models/training/health.h"
#include "models/training/streams.h"
#include "models/training/trainer.h"
#include "nn/clip.h"
#include "tests/models/latents.h"
#include "tests/models/program.h"
#include "tests/models/some_digits.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Config health_config(const Dataset& data) {
  Config config;
  config.fingerprint = fingerprint(data.train);
  config.model.network = {Dense{{8}}};
  config.model.latent = 3;
  config.batch_size = 16;
  return config;
}

/// What a training says until it ends, or its numbers do.
std::vector<std::string> remarks(const Config& config, const Dataset& data, const Run& run) {
  std::vector<std::string> said;
  Trainer trainer(config, data);
  try {
    trainer.train(run, {.remark = [&](const std::string& sentence) { said.push_back(sentence); }}, never);
  } catch (const NumericError&) {
  }
  return said;
}

}  // namespace

TEST_CASE("health: pixels that cannot be meant") {
  const Config config;
  Images images{.name = "x", .count = 2, .height = 1, .width = 3, .pixels = {0, 1, 0, 1, 1, 0}};
  CHECK(pixel_remark(config, images) ==
        "no pixel of the first 2 training images is brighter than 1 of 255, so that the model sees them almost black\n"
        "help: a byte of 255 is white; a file of 0 and 1 wants its bytes times 255");
  images.pixels.assign(6, 255);
  CHECK(pixel_remark(config, images) == "all pixels of the first 2 training images are 255 of 255: there is nothing to "
                                        "learn\nhelp: look at the data with inspect");
  images.pixels = {0, 16, 0, 1, 1, 0};
  CHECK(pixel_remark(config, images) == "");
  Images numbers{.name = "x", .count = 2, .height = 1, .width = 2, .numbers = {0, 300, -40, 7}};
  CHECK(pixel_remark(config, numbers) == "");
  Config wide;
  wide.model.likelihood.chosen = GaussianLikelihood{};
  CHECK(pixel_remark(wide, numbers)
            .starts_with("numbers of the first 2 training images reach from -40 to 300 where the "
                         "likelihood is of width 1\nhelp: `scale` standard"));
  numbers.scaling = {.shift = {0}, .factor = {100}};
  CHECK(pixel_remark(wide, numbers) == "");
  numbers.numbers.assign(4, 5);
  CHECK(pixel_remark(wide, numbers).starts_with("all numbers of the first 2 training images are 5: "));
}

TEST_CASE("health: a KL divergence that explodes names the image and the dimension, once") {
  Tensor kl = zeros({3, 2});
  kl.write().data[2 * 2 + 1] = 90000;
  const Bound bound{.log_likelihood = zeros({3}), .kl = kl};
  const std::vector<std::int64_t> rows{7, 40, 12};
  CHECK(explodes(30000, {}));
  CHECK_FALSE(explodes(4340, {}));  // 784 · log 256 are 4347.4 nats
  CHECK(explodes(4350, {}));
  CHECK_FALSE(explodes(999, {1, 1, 4}));
  CHECK_FALSE(explodes(NAN, {}));
  CHECK(
      kl_remark(30000, bound, rows, {}, 2, 5) ==
      "the KL divergence explodes: 3e+04 nats per image in epoch 2, step 5, where 4347 would do to send the pixels as "
      "they are; the largest part, 9e+04, is that of training image 12 (row 2 of the batch) in latent dimension 1\n"
      "help: try a smaller `lr`, a `clip` of 1, or a `beta_warmup`");
  // In a training whose steps are far too large.
  const Dataset data = some_digits(64, 10);
  Config config = health_config(data);
  config.epochs = 2;
  config.optimizer = {Adam{.lr = 0.4}};
  config.objective.beta = 0;
  const Folder folder;
  int times = 0;
  for (const std::string& sentence : remarks(config, data, {folder.path}))
    times += sentence.starts_with("the KL divergence explodes: ");
  CHECK(times == 1);
}

TEST_CASE("health: a code that collapses") {
  const Dataset data = some_digits(64, 10);
  Config config = health_config(data);
  config.epochs = 60;  // of 4 steps
  config.objective.beta = 50;
  config.optimizer = {Adam{.lr = 0.01}};
  const Folder folder;
  const auto said = remarks(config, data, {folder.path});
  REQUIRE(said.size() == 1);
  INFO(said[0]);
  CHECK(said[0].starts_with("the code has collapsed: after epoch 5"));
  CHECK(contains(said[0], "nats, 0 of 3 units active), so the model has learnt the frequencies of pixels only"));
  CHECK(contains(said[0], "\nhelp: try a smaller `beta`, `free_bits`, a `beta_warmup`"));
  // What is held there has not collapsed, and what has just begun may still rise.
  EpochMetrics metrics{.epoch = 3, .test = {.log_likelihood = -200, .kl = 0.01}};
  CHECK(collapse_remark(config, metrics, 200) != "");
  CHECK(collapse_remark(config, metrics, 199) == "");
  config.objective.capacity = 5;
  CHECK(collapse_remark(config, metrics, 200) == "");
  config.objective.capacity = 0;
  metrics.test.kl = 0.2;
  CHECK(collapse_remark(config, metrics, 200) == "");
  metrics.test.kl.reset();
  CHECK(collapse_remark(config, metrics, 200) == "");
}

TEST_CASE("health: codes that nothing comes to") {
  const CodebookCode code{.table = {.size = 16, .revive = 0}};
  const Vae vae = tiny_vae({code});  // 8 places
  EpochMetrics metrics{.epoch = 2};
  metrics.test.figures = {{"used_codes", 3}, {"perplexity", 2.5}};
  CHECK(
      dead_codes_remark(vae, metrics, 20) ==
      "of the 16 codes of \"encoder.codebook\" 13 are dead: after epoch 2 none of the test images is encoded by them\n"
      "help: try a `revive` above 0, a smaller `codebook_size`, or a larger `commitment`");
  CHECK(dead_codes_remark(vae, metrics, 19) == "");  // 152 vectors for 16 codes
  metrics.test.figures[0].value = 4;
  CHECK(dead_codes_remark(vae, metrics, 20) == "");
  CHECK(dead_codes_remark(tiny_vae({GaussianCode{}}), metrics, 20) == "");
  // In a training: all codes but one are far away from where vectors are, and none is ever moved.
  const Dataset data = some_digits(32, 40);
  Config config = health_config(data);
  config.model.code.chosen = CodebookCode{.table = {.size = 32, .update = CodeTable::Update::loss, .revive = 0}};
  config.epochs = 8;
  config.optimizer = {Adam{.lr = sizeof(Real) == 4 ? 0.1 : 0.5}};  // draws differ, and with them what it takes
  const Folder folder;
  const auto said = remarks(config, data, {folder.path});
  REQUIRE(said.size() >= 1);
  CHECK(said[0].starts_with("of the 32 codes of \"encoder.codebook\" "));
}

TEST_CASE("health: logits where sigmoid is flat") {
  const Dataset data = some_digits(16, 10);
  Config config = health_config(data);
  Trainer trainer(config, data);
  Vae vae = trainer.vae();
  CHECK(logits_remark(config, vae, data.test) == "");
  Tensor bias = zeros({784});
  for (std::int64_t i = 100; i < 139; ++i) bias.write().data[i] = 50;  // of 784, 39 are just below one in twenty
  set(vae, "decoder.output.weight", zeros({784, 8}));
  set(vae, "decoder.output.bias", bias);
  CHECK(logits_remark(config, vae, data.test) == "");
  bias.write().data[99] = -31;
  set(vae, "decoder.output.bias", bias);
  CHECK(logits_remark(config, vae, data.test) == "the logits are saturated: 5 % of those behind "
                                                 "\"decoder.output.weight\" are beyond ±30, first that of pixel 99 of "
                                                 "test image 0 (-31); what is learnt from them is next to nothing\n"
                                                 "help: try a smaller `lr`, or a `clip` of 1");
  config.model.likelihood.chosen = SharedGaussianLikelihood{};
  CHECK(logits_remark(config, vae, data.test) == "");
}

TEST_CASE("health: the first op whose value or gradient is not finite, with its parameter and its rows") {
  Vae vae = tiny_vae({GaussianCode{}});
  const std::vector<std::int64_t> rows{11, 3, 40, 8};
  const auto found = [&](const Minibatch& batch, const Objective& objective = {}) {
    return first_not_finite(vae, batch, rows, objective, {}, Rng{.seed = 3});
  };
  Minibatch batch = tiny_batch(4);
  CHECK(found(batch) == "");
  const Vae good = vae;
  // The variance of one image overflows: its exp is the first.
  Tensor weight = zeros({3, 6});
  set(vae, "encoder.log_variance.weight", weight);
  set(vae, "encoder.log_variance.bias", filled({3}, {0, 0, sizeof(Real) == 4 ? Real(400) : Real(4000)}));
  INFO(found(batch));
  CHECK(found(batch).starts_with("the first value that is not finite is that of "));
  CHECK(contains(found(batch),
                 "of shape (4, 3), behind the parameter \"encoder.log_variance.bias\", in training images 11, "
                 "3, 40 and 1 more (rows 0, 1, 2 and 1 more of the batch)"));
  vae = good;
  for_each_parameter(vae, [](const MemberPath& path, Tensor& x) {
    if (path.text() == "encoder.hidden.0.bias") x = full({6}, NAN);
  });
  CHECK(found(batch) == "the parameter \"encoder.hidden.0.bias\" is not finite: an earlier step has overflowed it");
  vae = good;
  batch.x.write().data[2 * 7 + 4] = INFINITY;
  CHECK(found(batch) == "the batch itself is not finite, in training image 40 (row 2 of the batch)");
}

TEST_CASE("health: a step whose loss or gradient is not finite says where, and leaves the parameters") {
  const Place place;
  const Ended ended = place.train("run", {"--optimizer", "sgd", "--lr", "1e12", "--epochs", "3"});
  INFO(ended.err);
  CHECK(ended.code == 4);
  CHECK(contains(ended.err, " in epoch 1, step "));
  CHECK(contains(ended.err, "not finite"));
  CHECK(contains(ended.err, "training image"));
  CHECK(ended.err.ends_with(
      "help: try a smaller learning rate, or clip the gradient; the last checkpoint is as it was\n"));
}

TEST_CASE(
    "health: the norm of the gradient and the active units stand in metrics.csv, with the bits of a resumed run") {
  const Dataset data = some_digits(16 * 18, 10);
  Config config = health_config(data);
  config.epochs = 1;
  config.clip = 0.5;
  const Folder folder;
  const Run run{folder.path};
  std::optional<EpochMetrics> whole;
  Trainer(config, data).train(run, {.epoch = [&](const EpochMetrics& m) { whole = m; }}, never);
  REQUIRE(whole);
  // Steps 1 and 17 by hand.
  double norms = 0;
  std::vector<Checkpoint> at;
  Trainer steps(config, data);
  Rng shuffling{.seed = config.seed, .stream = stream::kShuffle};
  const Indices order = permutation(data.train.count, shuffling);
  for (int step = 0; step < 17; ++step) {
    if (step % 16 == 0) {
      Vae vae = steps.vae();
      const auto position = read_position(config, steps.save());
      Rng rng = position.rng;
      const auto rows = std::span(order.values).subspan(step * 16, 16);
      const Minibatch batch = training_batch(data.train, rows, config.shown(), rng);
      Context context{.training = true, .rng = rng};
      Tape tape(parameters(vae));
      norms += global_norm(tape.gradient(config.objective.loss(bound(vae, batch, {}, context), {})));
    }
    steps.step();
    if (step == 8) at.push_back(steps.save());
  }
  CHECK(std::abs(*whole->gradient_norm - norms / 2) <= 1e-6 * norms);
  std::optional<EpochMetrics> resumed;
  std::filesystem::remove(run.metrics());
  Trainer(config, data, at[0]).train(run, {.epoch = [&](const EpochMetrics& m) { resumed = m; }}, never);
  REQUIRE(resumed);
  CHECK(*resumed->gradient_norm == *whole->gradient_norm);
  CHECK(*resumed->active_units == *whole->active_units);
  const auto columns = columns_in(get(run.metrics()));
  CHECK(columns.at("gradient_norm").size() == 1);
  CHECK(std::abs(columns.at("gradient_norm")[0] - norms / 2) <= 1e-5 * norms);
  CHECK(columns.at("active_units")[0] == *whole->active_units);

  // A table from before there were such columns goes on with empty cells.
  std::string old = "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds\n";
  const std::string now = get(run.metrics());
  const std::size_t row = now.find('\n') + 1;
  std::string cells = now.substr(row, now.size() - row - 1);
  for (int cut = 0; cut < 2; ++cut) cells.resize(cells.rfind(','));
  put(run.metrics(), old + cells + '\n');
  CHECK(read_metrics(run, config, 1) == csv_heading(config) + '\n' + cells + ",,\n");
  CHECK(curves(read_metrics(run, config, 1)).find("gradient norm") == std::string::npos);
}

TEST_CASE("health: training that stops early keeps its best, and checkpoints are kept as often as is asked") {
  const Place place;
  const Ended ended = place.train("run", {"--epochs", "200", "--lr", "0.05", "--stop-early", "3", "--save-every", "2"});
  INFO(ended.err, ended.out);
  REQUIRE(ended.code == 0);
  const Run run{place.folder / "run"};
  const auto columns = columns_in(get(run.metrics()));
  const std::vector<double>& bounds = columns.at("test_elbo");
  REQUIRE(bounds.size() < 200);
  const auto best = std::max_element(bounds.begin(), bounds.end()) - bounds.begin() + 1;
  CHECK(static_cast<std::size_t>(best) + 3 == bounds.size());
  CHECK(contains(ended.out, fmt::format("stopped early: no better bound in 3 epochs; that of epoch {} is kept", best)));
  CHECK(load_checkpoint(run.checkpoint("best")).metadata.at("epoch") == fmt::to_string(best));
  for (std::size_t epoch = 1; epoch <= bounds.size(); ++epoch)
    CHECK(std::filesystem::exists(run.checkpoint(fmt::format("epoch-{}", epoch))) == (epoch % 2 == 0));
  const std::string metrics = get(run.metrics());
  const Ended again = place.run({"resume", "run", "--epochs", "300"});
  CHECK(again.code == 0);
  CHECK(contains(again.out, "stopped early: "));
  CHECK(get(run.metrics()) == metrics);
  CHECK(contains(place.run({"info", "run", "--checkpoint", "epoch-2"}).out, "progress     2 of 200 epochs"));
  CHECK(contains(place.run({"info", "run"}).out, "checkpoints  last, best, epoch-2"));
  CHECK(place.run({"sample", "run", "--checkpoint", "epoch-3"}).code == 3);
  const Ended wrong = place.run({"sample", "run", "--checkpoint", "epoch-x"});
  CHECK(wrong.code == 2);
  CHECK(wrong.err == "vae: --checkpoint must be last, best or epoch-N, not \"epoch-x\"\n");
}

TEST_CASE("health: curves show each column that has numbers, with gaps, in well-formed SVG") {
  const std::string table =
      "epoch,train_elbo,test_elbo,test_log_likelihood,test_kl,seconds,active_units,gradient_norm\n"
      "1,-200.0,-190.0,-180.0,10.0,1.0,,5\n2,-150.0,-140.0,-120.0,20.0,1.0,,4\n";
  const std::string svg = curves(table);
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(contains(svg, ">ELBO</text>"));
  CHECK(contains(svg, ">KL divergence</text>"));
  CHECK_FALSE(contains(svg, ">active units</text>"));
  CHECK_FALSE(contains(svg, "nan"));
  Panel panel{.title = "a < b & \"c\"", .across = "", .up = "", .series = {{"", {1, 2, 3, 4}, {5, NAN, 7, 8}}}};
  const std::string gap = chart("t", std::span(&panel, 1));
  CHECK(contains(gap, ">a &#60; b &#38; &#34;c&#34;</text>"));
  const std::size_t line = gap.find("class=\"l\"");
  const std::string path = gap.substr(gap.rfind("<path", line), line - gap.rfind("<path", line));
  CHECK(std::count(path.begin(), path.end(), 'M') == 2);
  CHECK(std::count(path.begin(), path.end(), 'L') == 1);
  panel.series[0].y.pop_back();
  CHECK(error_of([&] { chart("t", std::span(&panel, 1)); }) == "[chart] 4 places for 3 numbers");
}

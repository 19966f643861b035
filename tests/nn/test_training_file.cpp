// A training in one file: resumed to the bit, and told apart from what is not the same training.
#include <doctest/doctest.h>

#include <limits>

#include "autograd/ops.h"
#include "nn/batch_norm.h"
#include "nn/dropout.h"
#include "nn/files/quote.h"
#include "nn/files/training.h"
#include "nn/linear.h"
#include "nn/optim.h"
#include "nn/schedule.h"
#include "tests/files.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

namespace {

struct Net {
  Linear first;
  BatchNorm norm;
  Linear last;
  Buffer mask;

  explicit Net(Rng& rng)
      : first(5, 8, Init::he, rng),
        norm(8),
        last(8, 4, Init::he, rng),
        mask{full({4}, -std::numeric_limits<Real>::infinity())} {}
  Tensor operator()(const Tensor& x, Context& context) const {
    return last(Dropout(0.25)(relu(norm(first(x), context)), context));
  }
  void members(auto&& visit) {
    visit("first", first);
    visit("norm", norm);
    visit("last", last);
    visit("mask", mask);
  }
};

/// Chen and others 2023.
struct Lion {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.99;
  static constexpr std::array kMoments{"m"};
  void step(Batch& x, Batch& m, Batch g) const {
    const Batch u = beta1 * m + (1 - beta1) * g;
    x -= where(u > 0, lr, where(u < 0, -lr, u));
    m = beta2 * m + (1 - beta2) * g;
  }
};

/// A module whose names are those of its average.
struct Clash {
  Tensor weight;
  std::map<std::string, Tensor> average;
  void members(auto&& visit) {
    visit("weight", weight);
    visit("average", average);
  }
};

struct Training {
  Rng rng;
  Net net;
  Optimizer optimizer;
  Average<Net> average;

  Training(const Optimizer::Rule& rule, std::uint64_t seed)
      : rng{.seed = seed}, net(rng), optimizer(rule), average(net, 0.9) {}

  void run(int steps) {
    const Schedule schedule{.kind = Schedule::cosine, .decay_steps = 10, .warmup = 3};
    for (int i = 0; i < steps; ++i) {
      const Tensor x = normal({16, 5}, rng);
      Context context{.training = true, .rng = rng};
      Tape tape(parameters(net));
      const Tensor y = net(x, context);
      optimizer.step(net, tape.gradient(mean(y * y)), schedule(optimizer.steps));
      average.update(net);
    }
  }
  void save(const fs::path& path) { save_training(path, net, optimizer, average, rng); }
  void load(const fs::path& path) { load_training(path, net, optimizer, average, rng); }
  /// All that there is, as bytes of a file.
  std::string bytes(const fs::path& scratch) {
    save(scratch);
    return get(scratch);
  }
};

}  // namespace

TEST_CASE("training file: ten steps are five, saved, loaded elsewhere, and five more, to the bit") {
  const Folder folder;
  for (const Optimizer::Rule& rule : {Optimizer::Rule(Adam{}), Optimizer::Rule(Sgd{.momentum = 0.9}),
                                      Optimizer::Rule(Sgd{}), Optimizer::Rule(Lion{}), Optimizer::Rule(Nadam{})}) {
    Training whole(rule, 7), half(rule, 7), other(rule, 8);
    whole.run(10);
    half.run(5);
    half.save(folder.path / "half");
    other.run(3);
    other.load(folder.path / "half");
    CHECK(other.optimizer.steps == 5);
    other.run(5);
    CHECK(other.bytes(folder.path / "other") == whole.bytes(folder.path / "whole"));
    CHECK(other.average.updates == 10);
    CHECK_FALSE(half.bytes(folder.path / "half") == whole.bytes(folder.path / "whole"));
  }
}

TEST_CASE("training file: a module alone, and parts in any order") {
  const Folder folder;
  Training a(Adam{}, 1), b(Adam{}, 2);
  a.run(2);
  save_training(folder.path / "net", a.net);
  load_training(folder.path / "net", b.net);
  CHECK(b.net.first.weight.values() == a.net.first.weight.values());
  CHECK(b.net.norm.running_var.value.values() == a.net.norm.running_var.value.values());
  CHECK(b.net.mask.value.at({0}) == -std::numeric_limits<Real>::infinity());
  CHECK(b.optimizer.steps == 0);
  save_training(folder.path / "some", a.net, a.rng, a.optimizer);
  load_training(folder.path / "some", b.net, b.optimizer, b.rng);
  CHECK(b.optimizer.steps == 2);
  CHECK(b.rng.counter == a.rng.counter);
  // load_state reads the module out of any of them.
  Training c(Adam{}, 3);
  a.save(folder.path / "all");
  load_state(c.net, folder.path / "all");
  CHECK(c.net.last.bias.values() == a.net.last.bias.values());
}

TEST_CASE("training file: what is missing, left over or another's is told, and then nothing is changed") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  const std::string file = quote(path.native());
  Training a(Adam{}, 1), b(Adam{}, 2);
  a.run(3);
  b.run(1);
  const std::string before = b.bytes(folder.path / "before");
  const auto refused = [&](auto&& load) {
    std::string said = error_of(load);
    CHECK(b.bytes(folder.path / "after") == before);
    return said;
  };
  save_training(path, a.net);
  CHECK(refused([&] { load_training(path, b.net, b.optimizer); }) ==
        "[load] " + file + " holds no optimizer: it was saved without one");
  save_training(path, a.net, a.optimizer);
  CHECK(refused([&] { load_training(path, b.net, b.optimizer, b.average); }) ==
        "[load] " + file + " holds no average: it was saved without one");
  CHECK(refused([&] { b.load(path); }) == "[load] " + file + " holds no average: it was saved without one");
  CHECK(refused([&] { load_training(path, b.net); }) ==
        "[load] " + file + " also holds the optimizer, which nobody asks for\nhelp: load_state reads the module alone");
  a.save(path);
  CHECK(contains(refused([&] { load_training(path, b.net, b.optimizer, b.average); }), "also holds the generator"));
  CHECK(contains(refused([&] { load_training(path, b.net, b.optimizer, b.rng); }), "also holds the average"));
  Optimizer sgd(Sgd{.momentum = 0.9}), lion(Lion{}), plain(Sgd{});
  CHECK(refused([&] { load_training(path, b.net, sgd, b.average, b.rng); }) ==
        "[load] " + file + " was saved by an optimizer of the rule \"adam\", not \"sgd\"");
  CHECK(contains(refused([&] {  // of a rule without a name: its one moment is there, but the file has one more
                   load_training(path, b.net, lion, b.average, b.rng);
                 }),
                 "also holds the tensor \"optimizer.v."));
  save_training(path, a.net, sgd);
  CHECK(contains(refused([&] { load_training(path, b.net, plain); }), "also holds the tensor \"optimizer.velocity."));
  Linear layer(5, 8, Init::he, a.rng), wider(6, 8, Init::he, a.rng);
  save_training(path, layer);
  CHECK(refused([&] { load_training(path, wider); }) ==
        "[load] tensor \"weight\" of " + file + " has shape (8, 5), the module needs (8, 6)");
  CHECK(refused([&] { load_training(path, b.net); }) == "[load] " + file + " has no tensor \"first.weight\"");

  // Numbers of the metadata that are none.
  save_training(path, a.net, a.optimizer);
  for (const std::string text : {"", "-1", "3.5", "9007199254740992", "99999999999999999999", "3 "}) {
    Checkpoint checkpoint = load_checkpoint(path);
    checkpoint.metadata["optimizer.steps"] = text;
    save_checkpoint(folder.path / "bad", checkpoint);
    CHECK(contains(refused([&] { load_training(folder.path / "bad", b.net, b.optimizer); }),
                   "says that optimizer.steps is " + quote(text) + ", which is not a count"));
  }
}

TEST_CASE("training file: numbers that are not finite are not saved, but for a buffer's infinities") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  put(path, "old");
  const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  const auto refused = [&](const auto& spoil) {
    Training a(Adam{}, 1);
    a.run(1);
    spoil(a);
    std::string said = error_of([&] { a.save(path); });
    CHECK(get(path) == "old");
    CHECK_THROWS_AS(a.save(path), NumericError);
    return said;
  };
  CHECK(contains(refused([&](Training& a) { a.net.first.bias = full({8}, inf); }),
                 "tensor \"first.bias\" holds inf at element 0"));
  CHECK(contains(refused([&](Training& a) { a.average.module.first.bias = full({8}, -inf); }),
                 "tensor \"average.first.bias\" holds -inf at element 0"));
  CHECK(contains(refused([&](Training& a) { a.net.mask.value = full({4}, nan); }), "tensor \"mask\" holds nan"));
  CHECK(contains(refused([&](Training& a) {
                   a.optimizer.for_each_moment(a.net, [&](const std::string&, Tensor& m) { m = full(m.shape(), inf); });
                 }),
                 "tensor \"optimizer.m.first.bias\" holds inf"));
}

TEST_CASE("training file: two tensors of one name are refused") {
  const Folder folder;
  Clash clash{ones({1}), {{"weight", zeros({1})}}};
  Average<Clash> average(clash, 0.5);
  CHECK(error_of([&] { save_training(folder.path / "x", clash, average); }) ==
        "[save] two tensors are called \"average.weight\"");
}

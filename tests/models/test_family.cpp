// The whole family, kind by kind: every kind of every choice that makes a model or its objective trains with the same
// bits for any number of threads, goes on from any step as if nothing had happened, takes no memory from the system
// once it is warm, and, in double, has the gradient that differences say. A new kind is in here by being listed.
#include <doctest/doctest.h>

#include <set>

#include "autograd/gradcheck.h"
#include "models/data/digits.h"
#include "models/training/trainer.h"
#include "nn/state.h"
#include "tensor/storage.h"
#include "tests/files.h"
#include "tests/models/same_bits.h"
#include "tests/models/some_digits.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// Makes a model small: narrow layers, few of whatever is counted.
struct Shrink : SettingsVisitor {
  void text(const char*, std::string&, const char*) override {}
  void seed(const char*, std::uint64_t&, const char*) override {}
  void flag(const char*, bool&, const char*) override {}
  void whole(const char*, std::int64_t& value, const IntegerRange& range, const char*) override {
    value = std::max(std::min<std::int64_t>(value, 5), range.min);
  }
  void whole(const char*, std::optional<std::int64_t>&, const IntegerRange&, const char*) override {}
  void number(const char*, double&, const RealRange&, const char*) override {}
  void wholes(const char*, std::vector<std::int64_t>& value, const IntegerList&, const char*) override {
    for (std::int64_t& each : value) each = 6;
  }
  void choice(const char*, AnyChoice& value, const char*) override { value.settings(value.chosen(), *this); }
};

/// Chooses a kind of a choice, and collects the names of those that there are.
struct Choose final : Shrink {
  std::string name, kind;
  std::vector<std::pair<std::string, std::string>> seen{};
  Choose(std::string name, std::string kind) : name(std::move(name)), kind(std::move(kind)) {}
  void whole(const char*, std::int64_t&, const IntegerRange&, const char*) override {}
  void wholes(const char*, std::vector<std::int64_t>&, const IntegerList&, const char*) override {}
  void choice(const char* choice, AnyChoice& value, const char*) override {
    for (std::size_t i = 0; i < value.size(); ++i) {
      seen.emplace_back(choice, value.name(i));
      if (choice == name && value.name(i) == kind) value.choose(i);
    }
    value.settings(value.chosen(), *this);
  }
};

/// A model with that kind, small.
Config family_config(const std::string& choice, const std::string& kind) {
  Config config;
  Choose choose(choice, kind);
  Shrink shrink;
  const auto visit = [&](SettingsVisitor& visitor) {
    config.model.settings(Listing(visitor));
    config.objective.settings(Listing(visitor));
  };
  visit(choose);
  visit(shrink);
  config.objective.samples = config.objective.weighs() ? 3 : 1;
  return config;
}

std::vector<std::pair<std::string, std::string>> all_kinds() {
  Config config;
  Choose collect("", "");
  config.model.settings(Listing(collect));
  config.objective.settings(Listing(collect));
  return collect.seen;
}

void fit_to(Config& config, const Dataset& data) {
  config.fingerprint = fingerprint(data.train);
  config.batch_size = 16;
  settle_condition(config.model.condition, data);
  config.check();
}

}  // namespace

TEST_CASE("family: every kind trains with the same bits for 1, 2, 3 and 7 threads, and from any step on") {
  const Threads restore;
  const Dataset data = some_digits(40, 10);  // 16, 16, 8
  for (const auto& named : all_kinds()) {
    const std::string &choice = named.first, &kind = named.second;
    CAPTURE(choice);
    CAPTURE(kind);
    Config config = family_config(choice, kind);
    fit_to(config, data);
    std::vector<Checkpoint> steps;
    for (const int count : {1, 2, 3, 7}) {
      set_threads(count);
      Trainer trainer(config, data);
      for (std::size_t step = 0; step < 3; ++step) {
        if (count == 1) steps.push_back(trainer.save());
        trainer.step();
      }
      if (count == 1) steps.push_back(trainer.save());
      check_equal(trainer.save(), steps.back());
    }
    for (std::size_t from = 0; from < 3; ++from) {
      Trainer part(config, data, steps[from]);
      for (std::size_t step = from; step < 3; ++step) part.step();
      check_equal(part.save(), steps.back());
    }
    const Config read = config_from_json(to_json(config), "config.json");
    CHECK(to_json(read) == to_json(config));
  }
}

TEST_CASE("family: a warm step of any kind takes no memory from the system") {
  const Dataset data = some_digits(16 * 14, 10);
  for (const auto& named : all_kinds()) {
    const std::string &choice = named.first, &kind = named.second;
    CAPTURE(choice);
    CAPTURE(kind);
    Config config = family_config(choice, kind);
    fit_to(config, data);
    release_pool();
    Trainer trainer(config, data);
    for (int step = 0; step < 10; ++step) trainer.step();
    reset_pool_peak();
    const std::int64_t before = pool_statistics().system_allocations;
    for (int step = 0; step < 4; ++step) trainer.step();
    CHECK(pool_statistics().system_allocations == before);
  }
}

TEST_CASE("family: the whole loss of every kind has the gradient that differences say") {
  if (sizeof(Real) == 4) return;  // differences of a whole model's loss in float say nothing
  // What is trained by another gradient than that of its value, on purpose.
  const std::set<std::string> kEstimators = {"stl", "dreg", "codebook"};
  int checked = 0;
  for (const auto& named : all_kinds()) {
    const std::string &choice = named.first, &kind = named.second;
    if (kEstimators.contains(kind)) continue;
    CAPTURE(choice);
    CAPTURE(kind);
    const Config config = family_config(choice, kind);
    Rng rng{.seed = 3};
    Vae vae = make_vae(config.model, {1, 5, 4}, rng);
    const Minibatch batch{uniform({4, 20}, rng)};
    const std::vector<Tensor> start = parameters(vae);
    const auto loss = [&](std::span<const Tensor> values) {
      Vae at = vae;
      std::size_t i = 0;
      for_each_parameter(at, [&](const MemberPath&, Tensor& x) { x = values[i++]; });
      Rng noise{.seed = 5};
      Context context{.training = true, .rng = noise};
      return config.objective.loss(bound(at, batch, config.objective, context), {});
    };
    const auto result = gradcheck(loss, start, {.rtol = 1e-6, .elements = 12, .retries = 2});
    CHECK_MESSAGE(result.passed, result.message);
    ++checked;
  }
  CHECK(checked > 10);
}

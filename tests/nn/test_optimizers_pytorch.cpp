// PyTorch's word on optimisers, schedules, averages and accumulated gradients: tests/golden/optimizers.safetensors,
// made in float64 by tests/golden/make_optimizers.py.
#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "nn/accumulate.h"
#include "nn/average.h"
#include "nn/optim.h"
#include "nn/schedule.h"
#include "tests/files.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr int kSteps = 10;

struct Weights {
  std::vector<Tensor> x;
  void members(auto&& visit) { visit("x", x); }
};

const Golden& golden() {
  static const Golden all("optimizers.safetensors");
  return all;
}

std::vector<Tensor> gradients(int step) { return golden().list(fmt::format("gradient.{}", step)); }

// Ten steps, and ten steps that are stopped, saved and resumed after each.
void follow(const std::string& name, const Optimizer::Rule& rule, const Schedule& schedule = {}) {
  const std::vector<Tensor> expected = golden().list(name + "/after");
  REQUIRE(expected.size() == 2);
  Weights whole{golden().list(name + "/start")}, parts = whole;
  Optimizer optimizer(rule);
  for (int step = 0; step < kSteps; ++step) optimizer.step(whole, gradients(step), schedule(optimizer.steps));
  for (int i = 0; i < 2; ++i) CHECK_MESSAGE(distance(whole.x[i], expected[i]) <= kGoldenBound, name, ", tensor ", i);

  std::map<std::string, Tensor> saved;
  for (int step = 0; step < kSteps; ++step) {
    Optimizer resumed(rule);
    resumed.steps = step;
    resumed.for_each_moment(parts, [&](const std::string& moment, Tensor& x) {
      if (step > 0) x = detach(saved.at(moment));
    });
    resumed.step(parts, gradients(step), schedule(step));
    resumed.for_each_moment(parts, [&](const std::string& moment, Tensor& x) { saved[moment] = detach(x); });
  }
  for (int i = 0; i < 2; ++i) CHECK_MESSAGE(parts.x[i].values() == whole.x[i].values(), name, ", resumed, tensor ", i);
}

void rates(const std::string& name, const Schedule& schedule) {
  const std::vector<Real> expected = golden()["rates/" + name].values();
  REQUIRE(expected.size() == kSteps);
  for (int step = 0; step < kSteps; ++step)
    CHECK_MESSAGE(std::abs(schedule(step) - expected[static_cast<std::size_t>(step)]) <= kGoldenBound, name, ", step ",
                  step);
}

const Schedule kStep{.kind = Schedule::step, .decay_steps = 3, .factor = 0.5};
const Schedule kWarmCosine{.kind = Schedule::cosine, .decay_steps = 6, .factor = 0.05, .warmup = 3};

struct Normed {
  Tensor weight;
  Buffer seen;
  void members(auto&& visit) {
    visit("weight", weight);
    visit("seen", seen);
  }
};

}  // namespace

TEST_CASE("pytorch: ten steps of each optimiser, in one go and resumed after each") {
  follow("sgd", Sgd{.lr = 0.1});
  follow("sgd_momentum", Sgd{.lr = 0.1, .momentum = 0.9});
  follow("sgd_nesterov", Sgd{.lr = 0.1, .momentum = 0.8, .nesterov = true});
  follow("adagrad", Adagrad{.lr = 0.1});
  follow("adagrad_other", Adagrad{.lr = 0.03, .epsilon = 1e-2});
  follow("rmsprop", RmsProp{});
  follow("rmsprop_momentum", RmsProp{.lr = 1e-2, .alpha = 0.8, .epsilon = 1e-3, .momentum = 0.7});
  follow("adam", Adam{.lr = 1e-2});
  follow("adam_other", Adam{.lr = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-3});
  follow("adamw", AdamW{.lr = 1e-2});
  follow("adamw_other", AdamW{.lr = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-3, .weight_decay = 0.3});
  follow("nadam", Nadam{.lr = 1e-2});
  follow("nadam_other", Nadam{.lr = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-3, .momentum_decay = 1});
}

TEST_CASE("pytorch: optimisers whose rate follows a schedule") {
  follow("nesterov_step", Sgd{.lr = 0.1, .momentum = 0.8, .nesterov = true}, kStep);
  follow("rmsprop_cosine", RmsProp{.momentum = 0.7}, {.kind = Schedule::cosine, .decay_steps = 10, .factor = 0});
  follow("adamw_warm_cosine", AdamW{.lr = 0.1, .weight_decay = 0.3}, kWarmCosine);
}

TEST_CASE("pytorch: the rates of schedules") {
  rates("constant", {});
  rates("step", kStep);
  rates("cosine", {.kind = Schedule::cosine, .decay_steps = 10, .factor = 0.1});
  rates("warm", {.warmup = 4});
  rates("warm_cosine", kWarmCosine);
}

TEST_CASE("schedule: what follows its end, and far out") {
  const Schedule cosine{.kind = Schedule::cosine, .decay_steps = 7, .factor = 0.25, .warmup = 2};
  CHECK(cosine(2) == 1);
  CHECK(cosine(9) == 0.25);
  CHECK(cosine(10) == 0.25);
  CHECK(cosine(std::int64_t{1} << 60) == 0.25);
  CHECK(kStep(std::int64_t{1} << 60) == 0);
  CHECK(Schedule{}(0) == 1);
  CHECK(Schedule{.warmup = 1}(0) == 0.5);
  CHECK(Schedule{.warmup = 1}(1) == 1);
}

TEST_CASE("pytorch: the average of a module's weights") {
  Normed module{golden()["average/start"], {zeros({2})}};
  Average<Normed> average{module, 0.4};
  const Tensor start = module.weight;
  for (int step = 0; step < kSteps; ++step) {
    module.weight = golden()[fmt::format("average/weight.{}", step)];
    module.seen.value = full({2}, static_cast<Real>(step));
    average.update(module);
  }
  CHECK(distance(average.module.weight, golden()["average/after"]) <= kGoldenBound);
  CHECK(average.module.seen.value.values() == std::vector<Real>{9, 9});
  CHECK(start.values() == golden()["average/start"].values());  // what it began as is not written to
  CHECK(module.weight.values() == golden()["average/weight.9"].values());
}

TEST_CASE("average: a tape that watches the module does not know its average, nor any detached copy") {
  const Weights module{{scalar(1)}};
  const Average<Weights> average{module, 0.5};
  const Weights copy = module, apart = detached(module);
  const Tape tape(parameters(module));
  CHECK(tape.knows(copy.x[0]));
  CHECK_FALSE(tape.knows(apart.x[0]));
  CHECK_FALSE(tape.knows(average.module.x[0]));
  CHECK(average.module.x[0].item() == 1);
  CHECK(apart.x[0].view().data == module.x[0].view().data);  // the numbers are shared until one writes
}

TEST_CASE("average: a copy of it is independent, and without decay it is the module") {
  Weights module{{scalar(1)}};
  Average<Weights> a{module, 0.5}, latest{module, 0};
  module.x[0] = scalar(3);
  Average<Weights> b = a;
  a.update(module);
  latest.update(module);
  CHECK(std::abs(a.module.x[0].item() - 2.8) <= 1e-6);  // a tenth of what it began as
  CHECK(b.module.x[0].item() == 1);
  CHECK(latest.module.x[0].item() == 3);
  module.x[0] = transpose(tensor({2, 3}, {1, 2, 3, 4, 5, 6}));
  Average<Weights> strided{{{zeros({3, 2})}}, 0.5, 1000};
  strided.update(module);
  CHECK(strided.module.x[0].values() == std::vector<Real>{Real(0.5), 2, 1, Real(2.5), Real(1.5), 3});
}

TEST_CASE("average: what it began with is soon gone, and the decay is reached") {
  // Weights that are 1 to begin with and 0 ever after: what is left of the beginning is the product of what is kept.
  const auto left = [](double decay, int updates) {
    Average<Weights> average{Weights{{scalar(1)}}, decay};
    for (int n = 0; n < updates; ++n) average.update(Weights{{scalar(0)}});
    CHECK(average.updates == updates);
    return static_cast<double>(average.module.x[0].item());
  };
  const auto off = [](double value, double expected) { return std::abs(value / expected - 1); };
  // Below the decay it is n!·9!/(n + 9)!: with n = 20, 1 in 10,015,005 (a binomial coefficient, 29 over 9).
  CHECK(off(left(0.9999, 20), 1 / 10'015'005.0) <= 1e-5);
  // (1 + n)/(10 + n) ≤ 3/4 up to n = 26; from there on 3/4 each: 36 over 9 is 94,143,280.
  CHECK(off(left(0.75, 27), 1 / 94'143'280.0) <= 1e-5);
  CHECK(off(left(0.75, 37), std::pow(0.75, 10) / 94'143'280.0) <= 1e-5);
  // Far out it is the exponential average: each update weighs decay times as much as the next.
  Average<Weights> late{Weights{{scalar(0)}}, 0.75, 1000};
  late.update(Weights{{scalar(1)}});
  late.update(Weights{{scalar(0)}});
  CHECK(off(late.module.x[0].item(), 0.25 * 0.75) <= 1e-6);
}

TEST_CASE("pytorch: small batches' gradients accumulate to the large batch's") {
  const Tensor x = golden()["batch/x"], weight = golden()["batch/weight"];
  for (const std::int64_t size : {1, 3, 5, 10}) {
    std::vector<Tensor> sum;
    for (std::int64_t begin = 0; begin < 10; begin += size) {
      const std::int64_t end = std::min<std::int64_t>(begin + size, 10);
      Tape tape(weight);
      const Tensor y = tanh(matmul(slice(x, 0, begin, end), transpose(weight)));
      const Tensor loss = mean(gradus::sum(y * y, 1));
      accumulate(sum, tape.gradient(loss), static_cast<double>(end - begin) / 10);
    }
    CHECK(distance(sum.at(0), golden()["batch/gradient"]) <= kGoldenBound);
  }
}

TEST_CASE("accumulate: the first gradients are taken as they are, and what does not fit is an error") {
  const Tensor g = tensor({2}, {1, 2});
  std::vector<Tensor> sum;
  accumulate(sum, {g}, 1);
  CHECK(sum.at(0).id() == g.id());
  accumulate(sum, {g}, 0.5);
  CHECK(sum[0].values() == std::vector<Real>{Real(1.5), 3});
  CHECK(g.values() == std::vector<Real>{1, 2});
  accumulate(sum, {broadcast_to(scalar(1), {2})}, 2);
  CHECK(sum[0].values() == std::vector<Real>{Real(3.5), 5});
  CHECK(error_of([&] { accumulate(sum, {g, g}, 1); }) == "[accumulate] 2 gradients after 1");
  CHECK(error_of([&] { accumulate(sum, {zeros({3})}, 1); }) ==
        "[accumulate] gradient 0 of shape (3) after one of shape (2)");
}

TEST_CASE("optim: Nesterov's rule without momentum is an error") {
  CHECK(error_of([] { Optimizer(Sgd{.nesterov = true}); }) == "[optimizer] `nesterov` needs a `momentum` above 0");
}

// Sequential and Dropout: layers of any types in a row, and mode and randomness as arguments.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "autograd/ops.h"
#include "nn/activation.h"
#include "nn/dropout.h"
#include "nn/linear.h"
#include "nn/optim.h"
#include "nn/sequential.h"
#include "nn/state.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

struct Double {
  Tensor operator()(const Tensor& x) const { return x * 2; }
  void members(auto&&) {}
};

static_assert(LayerLike<Linear> && LayerLike<Dropout> && LayerLike<Activation> && LayerLike<Double>);
static_assert(!LayerLike<Tensor> && !LayerLike<int>);

}  // namespace

TEST_CASE("sequential: applies its layers in order, and names them by position") {
  Rng rng{.seed = 1};
  const Linear first(3, 4, Init::he, rng), second(4, 2, Init::he, rng);
  Sequential model{first, Activation{Activation::tanh}, Dropout(Real(0.5)), second, Double{}};
  Context context{.training = false, .rng = rng};
  const Tensor x = normal({5, 3}, rng);
  CHECK(model(x, context).values() == (second(tanh(first(x))) * 2).values());

  const auto all = state(model);
  CHECK(all.size() == 4);
  CHECK(all.at("0.weight").shape() == Shape{4, 3});
  CHECK(all.at("3.bias").shape() == Shape{2});
  CHECK(count(model) == 12 + 4 + 8 + 2);
}

TEST_CASE("sequential: nests, and an empty one is the identity") {
  Rng rng;
  const Sequential inner{Linear(2, 2, Init::he, rng), Activation{}};
  // A Sequential takes a context, as any layer may.
  Sequential outer{Layer(inner), Layer(Linear(2, 1, Init::he, rng))};
  CHECK(state(outer).count("0.0.weight") == 1);
  CHECK(state(outer).count("1.bias") == 1);
  Context context{.training = true, .rng = rng};
  const Tensor x = tensor({1, 2}, {3, 4});
  CHECK(Sequential({})(x, context).id() == x.id());
  CHECK(outer(x, context).shape() == Shape{1, 1});
}

TEST_CASE("sequential: of one Sequential in braces is a copy, of one Layer holds it") {
  Rng rng{.seed = 6};
  const Sequential original{Linear(2, 2, Init::he, rng), Activation{}};
  Sequential copy{original}, moved{Sequential{original}}, wrapped{Layer(original)}, single{Linear(2, 2, Init::he, rng)};
  CHECK(copy.layers.size() == 2);
  CHECK(moved.layers.size() == 2);
  CHECK(state(copy).count("0.weight") == 1);
  CHECK(wrapped.layers.size() == 1);
  CHECK(state(wrapped).count("0.0.weight") == 1);
  CHECK(state(single).count("0.weight") == 1);
  Sequential grown;
  for (int i = 0; i < 3; ++i) grown.layers.push_back(Linear(2, 2, Init::he, rng));
  CHECK(count(grown) == 18);
}

TEST_CASE("sequential: a copy is independent") {
  Rng rng{.seed = 2};
  const Sequential original{Linear(3, 3, Init::he, rng), Activation{Activation::elu}, Linear(3, 1, Init::he, rng)};
  Sequential copy = original;
  std::map<std::string, std::vector<Real>> before;
  for (const auto& [name, x] : state(original)) before[name] = x.values();
  Optimizer optimizer(Adam{});
  Context context{.training = true, .rng = rng};
  const Tensor x = normal({8, 3}, rng);
  Tape tape(parameters(copy));
  optimizer.step(copy, tape.gradient(sum(copy(x, context))));
  for (const auto& [name, x] : state(original)) CHECK(x.values() == before.at(name));
  for (const auto& [name, x] : state(copy)) CHECK_FALSE(x.values() == before.at(name));
}

TEST_CASE("dropout: does nothing out of training, and draws nothing") {
  Rng rng{.seed = 3};
  Context context{.training = false, .rng = rng};
  const Tensor x = tensor({3}, {1, 2, 3});
  CHECK(Dropout(Real(0.9))(x, context).values() == x.values());
  context.training = true;
  CHECK(Dropout(0)(x, context).values() == x.values());
  CHECK(rng.counter == 0);
}

TEST_CASE("dropout: zeroes with probability p and keeps the mean") {
  const std::int64_t n = 100'000;
  for (const double p : {0.1, 0.5, 0.8}) {
    Rng rng{.seed = 4};
    Context context{.training = true, .rng = rng};
    const std::vector<Real> y = Dropout(static_cast<Real>(p))(full({n}, 3), context).values();
    double zeros = 0;
    const Real kept = 3 * (1 / (1 - static_cast<Real>(p)));
    bool right = true;
    for (const Real value : y) {
      zeros += value == 0;
      right = right && (value == 0 || std::abs(value - kept) <= 4 * std::numeric_limits<Real>::epsilon() * kept);
    }
    CHECK(right);
    CHECK(std::abs(zeros / n - p) <= 5 * std::sqrt(p * (1 - p) / n));
    CHECK(rng.counter > 0);
  }
}

TEST_CASE("dropout: the gradient passes where the value did, by the same generator the same") {
  Rng rng{.seed = 5}, again = rng;
  Context context{.training = true, .rng = rng};
  const Dropout dropout(Real(0.5));
  const Tensor x = ones({64});
  Tape tape(x);
  const Tensor y = dropout(x, context);
  CHECK(tape.gradient(sum(y), x).values() == y.values());
  Context same{.training = true, .rng = again};
  CHECK(dropout(x, same).values() == y.values());
  CHECK_FALSE(dropout(x, same).values() == y.values());
}

TEST_CASE("dropout: a probability of 1 or more, or below 0, is an error") {
  for (const Real p : {Real(-0.1), Real(1), Real(2), std::numeric_limits<Real>::quiet_NaN()})
    CHECK(contains(error_of([&] { Dropout{p}; }), "[dropout] p = "));
}

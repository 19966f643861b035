// Modules: what is found by listing members, what loading refuses, and that copies are independent.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <variant>

#include "autograd/ops.h"
#include "nn/activation.h"
#include "nn/linear.h"
#include "nn/module.h"
#include "nn/optim.h"
#include "nn/sequential.h"
#include "nn/state.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// A layer with all that may be listed.
struct Everything {
  Tensor scale = tensor({2}, {1, 2});
  Buffer seen{tensor({3}, {7, 8, 9})};
  std::vector<Linear> stack;
  std::array<Tensor, 2> pair{scalar(3), zeros({2, 2})};
  std::optional<Linear> head;
  std::variant<Activation, Linear> last = Activation{Activation::elu};
  double rate = 0.1;
  std::string label = "x";
  bool flag = true;

  explicit Everything(Rng& rng) { stack = {Linear(2, 3, Init::he, rng), Linear(3, 1, Init::he, rng)}; }

  void members(auto&& visit) {
    visit("scale", scale);
    visit("seen", seen);
    visit("stack", stack);
    visit("pair", pair);
    visit("head", head);
    visit("last", last);
    visit("rate", rate);
    visit("label", label);
    visit("flag", flag);
  }
};

struct Nested {
  Everything inner;
  Tensor bias = zeros({1});
  void members(auto&& visit) {
    visit("inner", inner);
    visit("bias", bias);
  }
};

struct Twins {
  Tensor a, b;
  const char* second_name = "b";
  void members(auto&& visit) {
    visit("a", a);
    visit(second_name, b);
  }
};

struct Affine {
  Tensor weight = tensor({2}, {1, 2}), bias = scalar(3);
  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
  }
};

struct Experts {
  std::map<std::string, Layer> blocks;
  std::map<std::string, Tensor, std::greater<>> gains{{"low", ones({2})}, {"top", ones({3})}};
  std::map<std::string, std::map<std::string, double>> rates{{"a", {{"b", 1}}}};  // settings
  void members(auto&& visit) { visit("blocks", blocks), visit("gains", gains), visit("rates", rates); }
};

struct Empty {
  void members(auto&&) {}
};

static_assert(Module<Everything> && Module<Linear> && Module<Empty> && !Module<Tensor> && !Module<int>);

template <class M>
std::map<std::string, std::vector<Real>> numbers(const M& module) {
  std::map<std::string, std::vector<Real>> all;
  for (const auto& [name, x] : state(module)) all[name] = x.values();
  return all;
}

}  // namespace

TEST_CASE("module: names follow from the listing, through containers and nested modules") {
  Rng rng;
  Nested module{Everything(rng)};
  CHECK(parameter_names(module) == std::vector<std::string>{"inner.scale", "inner.stack.0.weight", "inner.stack.0.bias",
                                                            "inner.stack.1.weight", "inner.stack.1.bias",
                                                            "inner.pair.0", "inner.pair.1", "bias"});
  module.inner.head.emplace(4, 5, Init::he, rng);
  module.inner.last = Linear(1, 2, Init::he, rng);
  CHECK(parameter_names(module) ==
        std::vector<std::string>{"inner.scale", "inner.stack.0.weight", "inner.stack.0.bias", "inner.stack.1.weight",
                                 "inner.stack.1.bias", "inner.pair.0", "inner.pair.1", "inner.head.weight",
                                 "inner.head.bias", "inner.last.weight", "inner.last.bias", "bias"});
  CHECK(count(module) == 2 + (6 + 3) + (3 + 1) + (1 + 4) + (20 + 5) + (2 + 2) + 1);
  CHECK(parameters(module).size() == 12);
}

TEST_CASE("module: the members of a map are called by their keys, and come in the map's order") {
  Rng rng{.seed = 1};
  Experts experts;
  experts.blocks.emplace("right", Linear(2, 3, Init::he, rng));
  experts.blocks.emplace("left", Sequential{Linear(2, 1, Init::he, rng)});
  const std::vector<std::string> names{"blocks.left.0.weight", "blocks.left.0.bias", "blocks.right.weight",
                                       "blocks.right.bias",    "gains.top",          "gains.low"};
  CHECK(parameter_names(experts) == names);

  Experts copy = experts;
  Optimizer optimizer(Sgd{.lr = 1});
  optimizer.step(copy, parameters(copy));  // each minus itself
  for (const auto& entry : numbers(copy))
    CHECK_MESSAGE(std::ranges::count(entry.second, Real(0)) == std::ssize(entry.second), entry.first);
  load_state(copy, state(experts));
  CHECK(numbers(copy) == numbers(experts));
}

TEST_CASE("module: buffers are state but not parameters") {
  Rng rng;
  const Nested module{Everything(rng)};
  const auto all = state(module);
  CHECK(all.size() == 9);
  CHECK(all.at("inner.seen").values() == std::vector<Real>{7, 8, 9});
  for (const Tensor& x : parameters(module)) CHECK(x.id() != all.at("inner.seen").id());
}

TEST_CASE("module: parameters come in the order of listing and are the module's own tensors") {
  const Affine module;
  const auto all = parameters(module);
  REQUIRE(all.size() == 2);
  CHECK(all[0].id() == module.weight.id());
  CHECK(all[1].id() == module.bias.id());
  CHECK(parameters(Empty{}).empty());
  CHECK(count(Empty{}) == 0);
}

TEST_CASE("module: the same tensor listed twice is an error with a cause") {
  const Tensor shared = zeros({4, 2});
  const std::string error = error_of([&] { parameters(Twins{shared, shared}); });
  CHECK(contains(error, "[parameters] a tensor of shape (4, 2) is listed twice\nhelp: "));
  CHECK(parameters(Twins{shared, detach(shared)}).size() == 2);
}

TEST_CASE("module: two members of one name are an error") {
  CHECK(error_of([] { state(Twins{zeros({1}), zeros({1}), "a"}); }) == "[module] two members are called \"a\"");
}

TEST_CASE("module: the summary is a table of names, shapes and sizes") {
  CHECK(summary(Affine{}) == "weight                                        (2)            2\n"
                             "bias                                           ()            1\n"
                             "parameters                                                   3\n");
  Rng rng;
  CHECK(contains(summary(Nested{Everything(rng)}), "inner.seen "));  // a buffer too
}

TEST_CASE("module: state and load_state carry every number over, under new ids") {
  Rng rng{.seed = 1};
  const Nested from{Everything(rng)};
  Nested to{Everything(rng)};
  CHECK_FALSE(numbers(to) == numbers(from));
  load_state(to, state(from));
  CHECK(numbers(to) == numbers(from));
  CHECK(to.bias.id() != from.bias.id());
  to.inner.scale.write().data[0] = 50;
  CHECK(from.inner.scale.at({0}) == 1);
}

TEST_CASE("module: a state that does not fit is an error, and nothing is changed") {
  Affine module;
  const auto before = numbers(module);
  std::map<std::string, Tensor> source{{"weight", zeros({2})}};
  CHECK(error_of([&] { load_state(module, source); }) == "[load] there is no tensor \"bias\"");
  CHECK(numbers(module) == before);  // the weight, which was there, neither
  source["bias"] = zeros({1});
  CHECK(error_of([&] { load_state(module, source); }) == "[load] \"bias\" has shape (1), the module needs ()");
  CHECK(numbers(module) == before);
  source["bias"] = scalar(5);
  source["more"] = scalar(6);
  load_state(module, source);
  CHECK(numbers(module) == std::map<std::string, std::vector<Real>>{{"weight", {0, 0}}, {"bias", {5}}});
}

TEST_CASE("module: training a copy leaves the original's bits as they were") {
  Rng rng{.seed = 2};
  const Linear original(3, 2, Init::fan_in, rng);
  const auto before = numbers(original);
  Linear copy = original;
  CHECK(copy.weight.id() == original.weight.id());  // until one is written
  Optimizer optimizer(Sgd{.lr = 0.1});
  const Tensor x = ones({4, 3});
  for (int step = 0; step < 3; ++step) {
    Tape tape(parameters(copy));
    const Tensor y = copy(x);
    optimizer.step(copy, tape.gradient(sum(y * y)));
  }
  CHECK(numbers(original) == before);
  CHECK_FALSE(numbers(copy).at("weight") == before.at("weight"));
  CHECK_FALSE(numbers(copy).at("bias") == before.at("bias"));
}

TEST_CASE("module: an exponential average of the weights needs nothing but a copy") {
  Affine module, average = module;
  const Real decay = Real(0.5);
  for (int step = 0; step < 3; ++step) {
    module.weight = module.weight + 1;
    module.bias = module.bias * 2;
    const auto now = parameters(module);
    std::size_t i = 0;
    for_each_parameter(average, [&](const MemberPath&, Tensor& x) { x = x * decay + now[i++] * (1 - decay); });
  }
  // By hand: the first weight is 2, 3, 4 and its average 1.5, 2.25, 3.125; the second one more; the bias 6, 12, 24
  // and its average 4.5, 8.25, 16.125.
  CHECK(average.weight.values() == std::vector<Real>{Real(3.125), Real(4.125)});
  CHECK(average.bias.item() == Real(16.125));
  CHECK(module.weight.values() == std::vector<Real>{4, 5});
}

TEST_CASE("module: the best so far is kept by plain assignment") {
  Affine module, best = module;
  module.weight.write().data[0] = 10;
  best = module;
  module.weight.write().data[0] = 20;
  module.bias.write().data[0] = 20;
  CHECK(best.weight.values() == std::vector<Real>{10, 2});
  CHECK(best.bias.item() == 3);
}

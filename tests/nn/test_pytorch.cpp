// PyTorch's word on ops, distributions, losses and optimisers: tests/golden/ops.safetensors, made in float64 by
// tests/golden/make_golden.py from inputs that both builds hold exactly.
#include <doctest/doctest.h>

#include <set>

#include "nn/distributions.h"
#include "nn/files/checkpoint.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "tests/files.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
/// The second argument is the number behind the colon in a case's name, where there is one: an axis.
using Function = std::function<Tensor(In, int)>;

Tensor compared(Tensor (*compare)(const Tensor&, const Tensor&), In in) { return compare(in[0], in[1]) * in[0]; }
Normal gaussian(const Tensor& mean, const Tensor& log_variance) { return {mean, log_variance}; }

const std::map<std::string, Function>& functions() {
  static const Indices rows({2, 3}, {3, 0, 1, 3, 2, 1});
  static const std::map<std::string, Function> all{
      {"add", [](In in, int) { return in[0] + in[1]; }},
      {"sub", [](In in, int) { return in[0] - in[1]; }},
      {"mul", [](In in, int) { return in[0] * in[1]; }},
      {"div", [](In in, int) { return in[0] / in[1]; }},
      {"pow", [](In in, int) { return pow(in[0], in[1]); }},
      {"min", [](In in, int) { return min(in[0], in[1]); }},
      {"max", [](In in, int) { return max(in[0], in[1]); }},
      {"where", [](In in, int) { return where(in[0] > scalar(0), in[0], in[1]); }},
      {"lt", [](In in, int) { return compared(operator<, in); }},
      {"le", [](In in, int) { return compared(operator<=, in); }},
      {"gt", [](In in, int) { return compared(operator>, in); }},
      {"ge", [](In in, int) { return compared(operator>=, in); }},
      {"eq", [](In in, int) { return compared(equal, in); }},
      {"neg", [](In in, int) { return -in[0]; }},
      {"add_number", [](In in, int) { return in[0] + Real(1.25); }},
      {"sub_number", [](In in, int) { return in[0] - Real(1.25); }},
      {"mul_number", [](In in, int) { return in[0] * Real(1.25); }},
      {"div_number", [](In in, int) { return in[0] / Real(1.25); }},
      {"number_add", [](In in, int) { return Real(1.25) + in[0]; }},
      {"number_sub", [](In in, int) { return Real(1.25) - in[0]; }},
      {"number_mul", [](In in, int) { return Real(1.25) * in[0]; }},
      {"number_div", [](In in, int) { return Real(1.25) / in[0]; }},
      {"exp", [](In in, int) { return exp(in[0]); }},
      {"log", [](In in, int) { return log(in[0]); }},
      {"log1p", [](In in, int) { return log1p(in[0]); }},
      {"expm1", [](In in, int) { return expm1(in[0]); }},
      {"sqrt", [](In in, int) { return sqrt(in[0]); }},
      {"tanh", [](In in, int) { return tanh(in[0]); }},
      {"sigmoid", [](In in, int) { return sigmoid(in[0]); }},
      {"softplus", [](In in, int) { return softplus(in[0]); }},
      {"erf", [](In in, int) { return erf(in[0]); }},
      {"pow_number", [](In in, int) { return pow(in[0], Real(-1.5)); }},
      {"square", [](In in, int) { return pow(in[0], 2); }},
      {"abs", [](In in, int) { return abs(in[0]); }},
      {"clamp", [](In in, int) { return clamp(in[0], Real(-0.5), Real(0.75)); }},
      {"relu", [](In in, int) { return relu(in[0]); }},
      {"elu", [](In in, int) { return elu(in[0]); }},
      {"elu_alpha", [](In in, int) { return elu(in[0], Real(0.25)); }},
      {"leaky_relu", [](In in, int) { return leaky_relu(in[0]); }},
      {"leaky_relu_slope", [](In in, int) { return leaky_relu(in[0], Real(0.25)); }},
      {"silu", [](In in, int) { return silu(in[0]); }},
      {"gelu", [](In in, int) { return gelu(in[0]); }},
      {"sum", [](In in, int) { return sum(in[0]); }},
      {"mean", [](In in, int) { return mean(in[0]); }},
      {"max_all", [](In in, int) { return max(in[0]); }},
      {"logsumexp", [](In in, int) { return logsumexp(in[0]); }},
      {"sum_axis", [](In in, int axis) { return sum(in[0], axis); }},
      {"mean_axis", [](In in, int axis) { return mean(in[0], axis); }},
      {"max_axis", [](In in, int axis) { return max(in[0], axis, keepdim); }},
      {"logsumexp_axis", [](In in, int axis) { return logsumexp(in[0], axis, keepdim); }},
      {"softmax", [](In in, int axis) { return softmax(in[0], axis); }},
      {"log_softmax", [](In in, int axis) { return log_softmax(in[0], axis); }},
      {"sum_axes", [](In in, int) { return sum(in[0], {0, 2}); }},
      {"mean_axes", [](In in, int) { return mean(in[0], {0, 2}); }},
      {"max_axes", [](In in, int) { return max(in[0], {0, 2}); }},
      {"logsumexp_axes", [](In in, int) { return logsumexp(in[0], {0, 2}); }},
      {"argmax", [](In in, int) { return gather(in[0], 1, argmax(in[0], 1, keepdim)); }},
      {"transpose", [](In in, int) { return transpose(in[0]); }},
      {"permute", [](In in, int) { return permute(in[0], {2, 0, 1}); }},
      {"reshape", [](In in, int) { return reshape(permute(in[0], {2, 0, 1}), {6, 4}); }},
      {"slice", [](In in, int) { return slice(in[0], 1, 1, 3); }},
      {"pad", [](In in, int) { return pad(in[0], 1, 2, 1); }},
      {"concat", [](In in, int) { return concat({in[0], in[1], in[0]}, 1); }},
      {"broadcast_to", [](In in, int) { return broadcast_to(in[0], {2, 3, 4}); }},
      {"sum_to", [](In in, int) { return sum_to(in[0], {3, 1}); }},
      {"gather", [](In in, int) { return gather(in[0], 0, rows); }},
      {"scatter_add", [](In in, int) { return scatter_add(in[0], 0, rows, 5); }},
      {"matmul", [](In in, int) { return matmul(in[0], in[1]); }},
      {"matmul_transposed", [](In in, int) { return matmul(transpose(in[0]), transpose(in[1])); }},
      {"linear", [](In in, int) { return linear(in[0], in[1], in[2]); }},
      {"linear_rank3", [](In in, int) { return linear(in[0], in[1], in[2]); }},
      {"normal_log_prob", [](In in, int) { return gaussian(in[1], in[2]).log_prob(in[0]); }},
      {"normal_rsample", [](In in, int) { return gaussian(in[0], in[1]).rsample(in[2]); }},
      {"unit_normal_log_prob", [](In in, int) { return UnitNormal{in[1]}.log_prob(in[0]); }},
      {"bernoulli_log_prob", [](In in, int) { return Bernoulli{in[1]}.log_prob(in[0]); }},
      {"kl_normal", [](In in, int) { return kl_divergence(gaussian(in[0], in[1]), gaussian(in[2], in[3])); }},
      {"bernoulli_mean", [](In in, int) { return Bernoulli{in[0]}.mean(); }},
      {"kl_standard", [](In in, int) { return kl_divergence(gaussian(in[0], in[1]), StandardNormal{}); }},
      {"bce_with_logits", [](In in, int) { return bce_with_logits(in[0], in[1]); }},
      {"mse", [](In in, int) { return mse(in[0], in[1]); }},
      {"cross_entropy", [](In in, int) { return cross_entropy(in[0], {2, 0, 3, 3}); }},
  };
  return all;
}

struct Weights {
  std::vector<Tensor> x;
  void members(auto&& visit) { visit("x", x); }
};

void follow(const Golden& golden, const std::string& name, const Optimizer::Rule& rule) {
  Weights weights{golden.list(name + "/start")};
  Optimizer optimizer(rule);
  for (int step = 0; step < 5; ++step) {
    const std::string at = "." + std::to_string(step);
    optimizer.step(weights, golden.list(name + "/gradient" + at));
    const std::vector<Tensor> expected = golden.list(name + "/after" + at);
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK_MESSAGE(distance(weights.x[i], expected[i]) <= kGoldenBound, name, ", step ", step, ", tensor ", i);
  }
}

}  // namespace

TEST_CASE("pytorch: the measure of distance notices a wrong number, a wrong shape and NaN") {
  const Tensor x = tensor({2}, {1, -4}), nan = tensor({2}, {std::numeric_limits<Real>::quiet_NaN(), -4});
  CHECK(distance(x, x) == 0);
  CHECK(distance(x * (1 + Real(4 * kGoldenBound)), x) > kGoldenBound);
  CHECK_FALSE(distance(x, reshape(x, {2, 1})) <= kGoldenBound);
  CHECK_FALSE(distance(nan, x) <= kGoldenBound);
  CHECK_FALSE(distance(x, nan) <= kGoldenBound);
}

TEST_CASE("pytorch: the value and the gradients of every op, distribution and loss") {
  const Golden golden("ops.safetensors");
  std::set<std::string> met;
  int cases = 0;
  for (const std::string& name : golden.names_with("/value")) {
    const std::size_t colon = name.find(':');
    const std::string function = name.substr(0, colon);
    const auto found = functions().find(function);
    REQUIRE_MESSAGE(found != functions().end(), "no function for ", name);
    met.insert(function);
    ++cases;

    const std::vector<Tensor> inputs = golden.list(name + "/in");
    REQUIRE_FALSE(inputs.empty());
    Tape tape(inputs);
    const Tensor value = found->second(inputs, colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1));
    CHECK_MESSAGE(distance(value, golden[name + "/value"]) <= kGoldenBound, name);
    const std::vector<Tensor> gradients = tape.gradient(sum(value * golden[name + "/weight"]));
    for (std::size_t i = 0; i < inputs.size(); ++i)
      CHECK_MESSAGE(distance(gradients[i], golden.list(name + "/gradient")[i]) <= kGoldenBound, name, ", gradient ", i);
  }
  CHECK(cases >= 150);
  for (const auto& entry : functions()) CHECK_MESSAGE(met.count(entry.first) == 1, "no reference for ", entry.first);
}

TEST_CASE("pytorch: five steps of each optimiser") {
  const Golden golden("ops.safetensors");
  follow(golden, "sgd", Sgd{.lr = 0.1});
  follow(golden, "sgd_momentum", Sgd{.lr = 0.1, .momentum = 0.9});
  follow(golden, "adam", Adam{.lr = 1e-2});
  follow(golden, "adam_other", Adam{.lr = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-3});
}

// PyTorch's word on layers and the ops that came with them: tests/golden/layers.safetensors, made in float64 by
// tests/golden/make_layers.py. And what the layers promise beside their numbers.
#include <doctest/doctest.h>

#include <set>

#include "nn/activation.h"
#include "nn/batch_norm.h"
#include "nn/embedding.h"
#include "nn/group_norm.h"
#include "nn/gru.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/residual.h"
#include "nn/state.h"
#include "tests/files.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Rng any{.seed = 1};
Linear affine(std::int64_t in, std::int64_t out) { return Linear(in, out, Init::he, any); }

/// Begins with a state that is its second input, and gives the outputs and the last state one below the other.
struct GruWithState {
  Gru gru;
  Tensor start;  // not listed: an input
  Tensor operator()(const Tensor& x) const {
    const Gru::Result result = gru.run(x, start);
    return concat({reshape(result.outputs, {x.shape()[0] * x.shape()[1], start.extent(1)}), result.state}, 0);
  }
  void members(auto&& visit) { gru.members(visit); }
};

/// The layer of a reference, by the name before the colon and, where the layer depends on it, after.
Layer layer_of(const std::string& name, const std::vector<Tensor>& inputs) {
  const std::size_t colon = name.find(':');
  const std::string kind = name.substr(0, colon), which = colon == std::string::npos ? "" : name.substr(colon + 1);
  if (kind.starts_with("batch_norm")) return BatchNorm(3);
  if (kind == "layer_norm") return LayerNorm(which == "2" ? Shape{3, 4} : Shape{which == "sequence" ? 6 : 7});
  if (kind == "group_norm") return GroupNorm(which[0] - '0', 6);
  if (kind == "embedding") return Embedding(5, 3, any);
  if (kind == "gru") return Gru(3, 4, any);
  if (kind == "gru_state") return GruWithState{Gru(3, 4, any), inputs[1]};
  REQUIRE(kind == "mixed");
  const Residual residual{Sequential{affine(12, 12), Activation{Activation::tanh}}};
  return Sequential{affine(4, 12),    residual,  BatchNorm(12), Activation{Activation::silu},
                    GroupNorm(2, 12), LayerNorm({12}), affine(12, 2)};
}

using Op = std::function<Tensor(std::span<const Tensor>, int axis)>;
const Indices kWords({2, 3}, {3, 0, 3, 4, 3, 1});

const std::map<std::string, Op>& ops() {
  static const std::map<std::string, Op> all{
      {"lgamma", [](auto in, int) { return lgamma(in[0]); }},
      {"digamma", [](auto in, int) { return digamma(in[0]); }},
      {"stack", [](auto in, int axis) { return stack({in[0], in[1], in[0]}, axis); }},
      {"split",
       [](auto in, int axis) {
         const std::vector<Tensor> parts = axis == 0 ? split(in[0], {2, 1, 1}, 0) : split(in[0], 3, 1);
         return axis == 0 ? sum(parts[0]) * parts[1] * parts[2] : parts[0] * parts[1] - parts[2];
       }},
      {"cumsum", [](auto in, int axis) { return cumsum(in[0].rank() == 3 ? in[0] * in[0] : in[0], axis); }},
      {"cumsum_reverse", [](auto in, int axis) { return cumsum(in[0], axis, true); }},
      {"cumsum_long", [](auto in, int) { return cumsum(in[0], 0); }},
      {"embedding", [](auto in, int) { return embedding(in[0], kWords); }},
      {"scatter_rows", [](auto in, int) { return scatter_rows(in[0], kWords, 5); }},
  };
  return all;
}

void check_near(const Tensor& got, const Tensor& expected, const std::string& what) {
  const double off = distance(got, expected);
  CHECK_MESSAGE(off <= kGoldenBound, what, " is off by ", off);
}

}  // namespace

TEST_CASE("layers: PyTorch's values, gradients of two orders, and buffers") {
  const Golden golden("layers.safetensors");
  std::set<std::string> kinds;
  for (const std::string& name : golden.names_with("/value")) {
    if (name.starts_with("op/")) continue;
    kinds.insert(name.substr(0, name.find(':')));
    const std::vector<Tensor> inputs = golden.list(name + "/in");
    Layer layer = layer_of(name, inputs);
    load_state(layer, golden.below(name + "/before/"));

    Context context{.training = !name.starts_with("batch_norm_eval"), .rng = any};
    std::vector<Tensor> watched = name.starts_with("embedding") ? std::vector<Tensor>{} : inputs;
    for (const Tensor& x : parameters(layer)) watched.push_back(x);
    Tape second(watched), first(watched);
    const Tensor value = layer(inputs[0], context);
    check_near(value, golden[name + "/value"], name);
    for (const auto& [key, x] : golden.below(name + "/after/")) check_near(state(layer).at(key), x, name + ", " + key);

    const std::vector<Tensor> gradients = first.gradient(sum(value * golden[name + "/weight"]));
    Tensor squares = sum(watched[0]) * 0;  // a layer that is linear in all its inputs has no second derivatives
    for (std::size_t i = 0; i < watched.size(); ++i) {
      check_near(gradients[i], golden.list(name + "/gradient")[i], name + ", gradient " + std::to_string(i));
      squares = squares + sum(gradients[i] * gradients[i]);
    }
    const std::vector<Tensor> curvature = second.gradient(squares);
    for (std::size_t i = 0; i < watched.size(); ++i)
      check_near(curvature[i], golden.list(name + "/second")[i], name + ", second " + std::to_string(i));
  }
  CHECK(kinds == std::set<std::string>{"batch_norm_eval", "batch_norm_train", "embedding", "group_norm", "gru",
                                       "gru_state", "layer_norm", "mixed"});
}

TEST_CASE("layers: PyTorch's values and gradients of the ops") {
  const Golden golden("layers.safetensors");
  std::set<std::string> met;
  for (const std::string& name : golden.names_with("/value")) {
    if (!name.starts_with("op/")) continue;
    const std::size_t colon = name.find(':');
    const std::string kind = name.substr(3, colon - 3);
    met.insert(kind);
    const std::vector<Tensor> inputs = golden.list(name + "/in");
    Tape tape(inputs);
    const Tensor value = ops().at(kind)(inputs, colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1));
    check_near(value, golden[name + "/value"], name);
    const std::vector<Tensor> gradients = tape.gradient(sum(value * golden[name + "/weight"]));
    for (std::size_t i = 0; i < inputs.size(); ++i)
      check_near(gradients[i], golden.list(name + "/gradient")[i], name + ", gradient " + std::to_string(i));
  }
  for (const auto& entry : ops()) CHECK_MESSAGE(met.count(entry.first) == 1, "no reference for ", entry.first);
}

TEST_CASE("batch norm: three steps of running statistics, and what evaluation makes of them") {
  const Golden golden("layers.safetensors");
  BatchNorm layer(3);
  Context training{.training = true, .rng = any};
  load_state(layer, {{"weight", layer.weight}, {"bias", layer.bias},
                     {"running_mean", golden["running/0/before/running_mean"]},
                     {"running_var", golden["running/0/before/running_var"]}});
  for (const std::string step : {"0", "1", "2"}) {
    layer(golden["running/" + step + "/in.0"], training);
    check_near(layer.running_mean.value, golden["running/" + step + "/after/running_mean"], "mean " + step);
    check_near(layer.running_var.value, golden["running/" + step + "/after/running_var"], "variance " + step);
  }
}

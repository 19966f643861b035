// PyTorch's word on layers and the ops that came with them: tests/golden/layers.safetensors, made in float64 by
// tests/golden/make_layers.py. And what the layers promise beside their numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/batch_norm.h"
#include "nn/embedding.h"
#include "nn/group_norm.h"
#include "nn/gru.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/lstm.h"
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

Tensor flat(std::vector<Tensor> parts) {
  for (Tensor& part : parts) part = reshape(part, {part.numel()});
  return concat(parts, 0);
}
Indices lengths_of(const Tensor& numbers) {
  Indices lengths;
  for (const Real length : numbers.values()) lengths.values.push_back(static_cast<std::int64_t>(length));
  lengths.shape = {static_cast<std::int64_t>(lengths.values.size())};
  return lengths;
}

/// All that a recurrent layer or attention can be given: further inputs, and lengths if there are any.
template <class L>
struct Given {
  L layer;
  std::vector<Tensor> more;  // not listed: inputs
  std::optional<Indices> lengths;
  Tensor operator()(const Tensor& x, Context& context) const {
    if constexpr (std::same_as<L, Gru>) {
      const Gru::Result y = lengths ? layer.run(x, more[0], *lengths) : layer.run(x, more[0]);
      return flat({y.outputs, y.state});
    } else if constexpr (std::same_as<L, Lstm>) {
      const Lstm::Result y = lengths ? layer.run(x, more[0], more[1], *lengths) : layer.run(x, more[0], more[1]);
      return flat({y.outputs, y.state, y.cell});
    } else if (more.empty()) {
      return lengths ? layer(x, *lengths, context) : layer(x, context);
    } else {
      return lengths ? layer(x, more[0], more[1], *lengths, context) : layer(x, more[0], more[1], context);
    }
  }
  void members(auto&& visit) { layer.members(visit); }
};

/// The layer of a reference, by the name before the colon and, where the layer depends on it, after.
Layer layer_of(const std::string& name, const std::vector<Tensor>& inputs, std::optional<Indices> lengths = {}) {
  const std::size_t colon = name.find(':');
  const std::string kind = name.substr(0, colon), which = colon == std::string::npos ? "" : name.substr(colon + 1);
  if (kind.starts_with("batch_norm")) return BatchNorm(3);
  if (kind == "layer_norm") return LayerNorm(which == "2" ? Shape{3, 4} : Shape{which == "sequence" ? 6 : 7});
  if (kind == "group_norm") return GroupNorm(which[0] - '0', 6);
  if (kind == "embedding") return Embedding(5, 3, any);
  if (kind == "gru") return Gru(3, 4, any);
  if (kind == "gru_state") return GruWithState{Gru(3, 4, any), inputs[1]};
  const std::vector<Tensor> more(inputs.begin() + 1, inputs.end());
  if (kind == "gru_run") return Given<Gru>{Gru(3, 4, which[0] - '0', any), more, lengths};
  if (kind == "lstm_run") return Given<Lstm>{Lstm(3, 4, which[0] - '0', any), more, lengths};
  if (kind == "attention")
    return Given<MultiHeadAttention>{MultiHeadAttention(6, 2, {.causal = contains(which, "causal")}, any), more,
                                     lengths};
  REQUIRE(kind == "mixed");
  const Residual residual{Sequential{affine(12, 12), Activation{Activation::tanh}}};
  return Sequential{affine(4, 12),    residual,        BatchNorm(12), Activation{Activation::silu},
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
    const auto ends = golden.below(name + "/lengths");
    Layer layer = layer_of(name, inputs, ends.empty() ? std::nullopt : std::optional(lengths_of(ends.at(""))));
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
  CHECK(kinds == std::set<std::string>{"attention", "batch_norm_eval", "batch_norm_train", "embedding", "group_norm",
                                       "gru", "gru_run", "gru_state", "layer_norm", "lstm_run", "mixed"});
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
  load_state(layer, {{"weight", layer.weight},
                     {"bias", layer.bias},
                     {"running_mean", golden["running/0/before/running_mean"]},
                     {"running_var", golden["running/0/before/running_var"]}});
  for (const std::string step : {"0", "1", "2"}) {
    layer(golden["running/" + step + "/in.0"], training);
    check_near(layer.running_mean.value, golden["running/" + step + "/after/running_mean"], "mean " + step);
    check_near(layer.running_var.value, golden["running/" + step + "/after/running_var"], "variance " + step);
  }
}

TEST_CASE("batch norm: evaluation writes nothing, and what it cannot normalise it refuses") {
  BatchNorm layer(2);
  Context evaluation{.training = false, .rng = any}, training{.training = true, .rng = any};
  const Tensor x = normal({4, 2, 3}, any) * 3 + 5;
  const std::uint64_t mean = layer.running_mean.value.id(), variance = layer.running_var.value.id();
  layer(x, evaluation);
  CHECK(layer(zeros({0, 2, 3}), training).shape() == Shape{0, 2, 3});
  CHECK(layer(zeros({3, 2, 0}), training).shape() == Shape{3, 2, 0});
  CHECK(layer.running_mean.value.id() == mean);
  CHECK(layer.running_var.value.id() == variance);
  BatchNorm copy = layer;
  const std::vector<Real> y = copy(x, training).values();
  CHECK(layer.running_mean.value.id() == mean);  // a copy is a copy
  CHECK_FALSE(copy.running_mean.value.values() == layer.running_mean.value.values());
  CHECK(parameters(layer).size() == 2);
  CHECK(state(layer).size() == 4);

  CHECK(error_of([&] { layer(zeros({1, 2}), training); }) ==
        "[batch_norm] training needs more than one number per channel, not an input of shape (1, 2)");
  CHECK(layer(zeros({1, 2}), evaluation).shape() == Shape{1, 2});
  CHECK(error_of([&] { layer(zeros({4, 3}), training); }) == "[batch_norm] an input of shape (4, 3) is not (N, 2, …)");
  CHECK(contains(error_of([&] { layer(zeros({2}), training); }), "[batch_norm] an input of shape (2)"));
  CHECK(contains(error_of([&] { layer(scalar(1), evaluation); }), "[batch_norm] an input of shape ()"));
}

TEST_CASE("batch norm: a mean that is large beside the spread costs few digits") {
  const Real far = sizeof(Real) == 4 ? 4096 : Real(1 << 30);  // E[x²] - E[x]² would have nothing left
  std::vector<Real> numbers;
  for (int i = 0; i < 64; ++i) numbers.push_back(far + static_cast<Real>(i % 4));
  Context training{.training = true, .rng = any};
  const std::vector<Real> y = BatchNorm(1)(tensor({64, 1}, numbers), training).values();
  for (int i = 0; i < 64; ++i) {
    const double expected = (i % 4 - 1.5) / std::sqrt(1.25 + 1e-5);
    CHECK(std::abs(y[i] - expected) <= 4 * std::numeric_limits<Real>::epsilon());
  }
}

TEST_CASE("layer norm and group norm: by other strides the same, and what they refuse") {
  const LayerNorm layer({3, 4});
  const GroupNorm group(2, 6);
  const Tensor x = normal({3, 2, 4}, any), image = normal({2, 5, 6, 3}, any);
  check_near(layer(permute(x, {1, 0, 2})), layer(tensor({2, 3, 4}, permute(x, {1, 0, 2}).values())), "layer norm");
  const Tensor turned = permute(image, {0, 2, 1, 3});
  check_near(group(turned), group(tensor(turned.shape(), turned.values())), "group norm");

  CHECK(error_of([&] { layer(zeros({3, 5})); }) == "[layer_norm] an input of shape (3, 5) does not end in (3, 4)");
  CHECK(contains(error_of([&] { layer(zeros({4})); }), "does not end in (3, 4)"));
  CHECK(error_of([] { LayerNorm({0}); }) == "[layer_norm] there is nothing to normalise over in shape (0)");
  CHECK(contains(error_of([] { LayerNorm(Shape{}); }), "there is nothing to normalise over"));
  CHECK(error_of([] { GroupNorm(4, 6); }) == "[group_norm] 6 channels do not divide into 4 groups");
  CHECK(contains(error_of([] { GroupNorm(0, 6); }), "into 0 groups"));
  CHECK(error_of([&] { group(zeros({2, 5})); }) == "[group_norm] an input of shape (2, 5) is not (N, 6, …)");
  CHECK(group(zeros({2, 6, 0})).shape() == Shape{2, 6, 0});
}

TEST_CASE("embedding: by indices and by whole numbers the same, and what is no word") {
  const Embedding words(5, 3, any);
  CHECK(words(Indices({2, 2}, {4, 0, 1, 4})).values() == words(tensor({2, 2}, {4, 0, 1, 4})).values());
  CHECK(words(Indices({2, 0}, {})).shape() == Shape{2, 0, 3});
  CHECK(error_of([&] { words({5}); }) == "[embedding] index 5 is out of range for a table of 5 rows");
  CHECK(error_of([&] { words({-1}); }) == "[embedding] index -1 is out of range for a table of 5 rows");
  for (const Real no_word : {Real(0.5), Real(-1), Real(1e30), std::numeric_limits<Real>::quiet_NaN()})
    CHECK(contains(error_of([&] { words(tensor({1}, {no_word})); }), "is not the number of a word"));
}

TEST_CASE("gru: a sequence is its parts one after the other, none leaves the state, and what it refuses") {
  const Gru gru(3, 4, any);
  const Tensor x = normal({2, 5, 3}, any), start = normal({2, 4}, any);
  const Gru::Result whole = gru.run(x, start), front = gru.run(slice(x, 1, 0, 2), start);
  const Gru::Result back = gru.run(slice(x, 1, 2, 5), front.state);
  check_near(concat({front.outputs, back.outputs}, 1), whole.outputs, "outputs");
  check_near(back.state, whole.state, "state");
  CHECK(gru(x).values() == gru.run(x, zeros({2, 4})).outputs.values());
  const Gru::Result none = gru.run(zeros({2, 0, 3}), start);
  CHECK(none.outputs.shape() == Shape{2, 0, 4});
  CHECK(none.state.values() == start.values());
  CHECK(error_of([&] { gru(zeros({2, 5, 4})); }) == "[gru] an input of shape (2, 5, 4) is not (batch, steps, 3)");
  CHECK(contains(error_of([&] { gru(zeros({5, 3})); }), "[gru] an input of shape (5, 3)"));
  CHECK(contains(error_of([&] { gru.run(x, zeros({4, 2})); }), "a state of shape (4, 2) does not fit 2 samples and 4"));
  CHECK(contains(error_of([] { Gru(0, 4, any); }), "[gru] 0 inputs and 4 hidden units"));
  CHECK(contains(error_of([] { Gru(2, 4, 0, any); }), "[gru] 2 inputs and 4 hidden units in 0 layers"));
  CHECK(contains(error_of([] { Gru(3, -4, any); }), "[gru] 3 inputs and -4 hidden units"));
}

TEST_CASE("residual: names its layer, and wants the shape that it was given") {
  Context context{.training = false, .rng = any};
  const Linear inner = affine(3, 3);
  Residual residual{inner};
  const Tensor x = normal({2, 3}, any);
  CHECK(residual(x, context).values() == (x + inner(x)).values());
  CHECK(state(residual).count("layer.weight") == 1);
  CHECK(error_of([&] { Residual{affine(3, 2)}(x, context); }) ==
        "[residual] the layer makes (2, 2) of (2, 3), which cannot be added to it");
  CHECK(contains(error_of([&] { Residual{affine(3, 1)}(x, context); }), "[residual]"));  // (2, 1) would broadcast
}

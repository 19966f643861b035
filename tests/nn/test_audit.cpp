// audit_layer: the library's layers pass, and of layers that are broken in one way the right row says so.
#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "autograd/op.h"
#include "nn/activation.h"
#include "nn/attention.h"
#include "nn/audit.h"
#include "nn/batch_norm.h"
#include "nn/conv.h"
#include "nn/dropout.h"
#include "nn/embedding.h"
#include "nn/group_norm.h"
#include "nn/gru.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/lstm.h"
#include "nn/residual.h"
#include "nn/state.h"
#include "tensor/parallel.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

const AuditOptions kQuiet{.print = false};

void passes(const Layer& layer, const Shape& input) {
  const Audit audit = audit_layer(layer, input, kQuiet);
  CHECK_MESSAGE(audit.passed(), audit.text());
  CHECK(audit.rows.size() == 12);
}

/// The names of the rows that failed, and what the one of interest says.
std::string failed(const Layer& layer, const Shape& input = {5, 3}) {
  std::string names;
  for (const AuditRow& row : audit_layer(layer, input, kQuiet).rows)
    if (!row.passed) names += (names.empty() ? "" : ", ") + row.name;
  return names;
}
std::string says(const Layer& layer, const char* row) { return audit_layer(layer, {5, 3}, kQuiet)[row].detail; }

// ---- layers that are broken in one way each ----

/// A layer of a function, with nothing to list.
template <class F>
struct Of : F {
  void members(auto&&) {}
};
template <class F>
Of<F> of(F f) {
  return {f};
}

struct Forgetful {
  Tensor gain = full({3}, 2), shift = ones({3});  // not listed
  Real power = 1;
  Tensor operator()(const Tensor& x) const { return pow(x, power) * gain + shift; }
  void members(auto&& visit) {
    visit("gain", gain);
    visit("power", power);
  }
};

struct HiddenStatistics {
  mutable Tensor mean = zeros({3});  // not listed
  Tensor operator()(const Tensor& x, Context& context) const {
    if (!context.training) return x - mean;
    mean = detach(sum(x, 0));
    return x * 2;
  }
  void members(auto&&) {}
};

struct WritesInEvaluation {
  mutable Buffer last{zeros({1})};
  Tensor operator()(const Tensor& x) const {
    last.value = detach(reshape(sum(x), {1}));
    return x * 2;
  }
  void members(auto&& visit) { visit("last", last); }
};

struct TrainsItself {
  mutable Tensor gain = ones({3});
  Tensor operator()(const Tensor& x, Context& context) const {
    const Tensor y = x * gain;
    if (context.training) gain = detach(gain * Real(0.9));
    return y;
  }
  void members(auto&& visit) { visit("gain", gain); }
};

struct IntegerRange {
  mutable std::int64_t calls = 0;
  Tensor operator()(const Tensor& x) const { return x * static_cast<Real>(++calls); }
  void members(auto&& visit) { visit("calls", calls); }
};

struct OwnGenerator {
  mutable Rng rng{.seed = 1};
  Tensor operator()(const Tensor& x, Context& context) const {
    return context.training ? x * bernoulli(x.shape(), Real(0.5), rng) : x;
  }
  void members(auto&& visit) {
    visit("seed", rng.seed);
    visit("stream", rng.stream);
    visit("counter", rng.counter);
  }
};

struct Shared {
  std::shared_ptr<Tensor> gain = std::make_shared<Tensor>(full({3}, 2));
  Tensor operator()(const Tensor& x) const { return x * *gain; }
  void members(auto&& visit) { visit("gain", *gain); }
};

struct Noisy {
  Tensor operator()(const Tensor& x, Context& context) const { return x + normal(x.shape(), context.rng); }
  void members(auto&&) {}
};

struct Grows {
  std::shared_ptr<std::vector<Tensor>> gains = std::make_shared<std::vector<Tensor>>(1, ones({3}));
  Tensor operator()(const Tensor& x) const {
    gains->push_back(ones({3}));
    return x;
  }
  void members(auto&& visit) { visit("gains", *gains); }
};

struct OneName {
  Tensor a = ones({3}), b = full({3}, 2);
  Tensor operator()(const Tensor& x) const { return x * a + b; }
  void members(auto&& visit) {
    visit("weight", a);
    visit("weight", b);
  }
};

struct OneTensor {
  Tensor a = ones({3}), b = a;
  Tensor operator()(const Tensor& x) const { return x * a + b; }
  void members(auto&& visit) {
    visit("a", a);
    visit("b", b);
  }
};

/// Owns its parts by pointers, and copies them by hand; where `forgets`, one tensor is not listed.
template <class Owner, bool forgets = false>
struct Owns {
  Owner parts;
  std::conditional_t<forgets, Tensor, std::monostate> forgotten{};
  Real factor = 1;
  Owns() { add("left", full({3}, 2)), add("right", full({3}, 3)); }
  Owns(const Owns& other) {
    other.each([&](const char* name, Tensor& x) { add(name, x); });
  }
  void add(const char* name, const Tensor& x) {
    if constexpr (std::same_as<Owner, std::unique_ptr<Tensor>>)
      parts = std::make_unique<Tensor>(x);
    else if constexpr (std::same_as<Owner, std::vector<std::unique_ptr<Tensor>>>)
      parts.push_back(std::make_unique<Tensor>(x));
    else if constexpr (std::same_as<Owner, std::vector<Tensor>>)
      parts.push_back(x);
    else if constexpr (std::same_as<typename Owner::mapped_type, Tensor>)
      parts.emplace(name, x);
    else
      parts.emplace(name, std::make_unique<Tensor>(x));
  }
  void each(auto&& visit) const {
    if constexpr (std::same_as<Owner, std::unique_ptr<Tensor>>)
      visit("part", *parts);
    else if constexpr (std::same_as<Owner, std::vector<std::unique_ptr<Tensor>>>)
      visit("first", *parts[0]), visit("second", *parts[1]);
    else if constexpr (std::same_as<Owner, std::vector<Tensor>>)
      visit("first", const_cast<Tensor&>(parts[0])), visit("second", const_cast<Tensor&>(parts[1]));
    else
      for (auto& [name, part] : parts)
        if constexpr (std::same_as<typename Owner::mapped_type, Tensor>)
          visit(name.c_str(), const_cast<Tensor&>(part));
        else
          visit(name.c_str(), *part);
  }
  Tensor operator()(Tensor x) const {
    each([&](const char*, Tensor& gain) { x = x * gain; });
    return x;
  }
  void members(auto&& visit) { each(visit), visit("factor", factor); }
};

struct Blocks {
  std::map<std::string, Layer> blocks;
  Tensor operator()(Tensor x, Context& context) const {
    for (const auto& [name, block] : blocks) x = block(x, context);
    return x;
  }
  void members(auto&& visit) { visit("blocks", blocks); }
};

struct Bilinear {
  Tensor weight = tensor({2, 3, 4}, std::vector<Real>(24, Real(0.5)));  // (out, 3, 4)
  bool wrong = false;
  /// (B, 3), (B, 4) -> (B, 2)
  Tensor operator()(const Tensor& a, const Tensor& b) const {
    const Tensor products = reshape(a, {a.shape()[0], 1, 3, 1}) * reshape(b, {b.shape()[0], 1, 1, 4}) * weight;
    const Tensor y = sum(products, {2, 3});
    return wrong ? y + sum(detach(b), 1, keepdim) : y;
  }
  void members(auto&& visit) { visit("weight", weight), visit("wrong", wrong); }
};

/// A row of a table for each sample, times its features; among neighbours another in training, and where it `mixes`.
struct Modulated {
  Embedding table;
  bool mixes = false, severed = false;
  Tensor operator()(const Indices& rows, const Tensor& x, Context& context) const {
    const Tensor y = (severed ? detach(x) : x) * table(rows);
    return mixes || context.training ? y * mean(y, 0, keepdim) : y;
  }
  void members(auto&& visit) { visit("table", table), visit("mixes", mixes), visit("severed", severed); }
};

struct Virtual {
  Tensor gain = ones({3});
  bool on = true;
  virtual ~Virtual() = default;
  Tensor operator()(const Tensor& x) const { return x * gain; }
  void members(auto&& visit) {
    visit("gain", gain);
    visit("on", on);
  }
};

Tensor wrong_square(const Tensor& x) {
  return record("square", detach(x * x), arg(x, [x](const Tensor& g) { return g * x * Real(2.5); }));
}
// Right at order 1, wrong at order 2: the VJP holds a number that depends on x.
Tensor hidden_square(const Tensor& x) {
  const Tensor twice = detach(x * 2);
  return record("square", detach(x * x), arg(x, [twice](const Tensor& g) { return g * twice; }));
}

}  // namespace

TEST_CASE("audit: what is wrong with a derivative stands in its row") {
  const auto wrong = of([](const Tensor& x) { return wrong_square(x); });
  CHECK(failed(wrong) == "gradient");
  CHECK(contains(says(wrong, "gradient"), "in evaluation: order 1, the input of shape (5, 3), element "));
  CHECK_FALSE(audit_layer(wrong, {5, 3}, kQuiet)["second gradient"].checked);
  CHECK(failed(of([](const Tensor& x) { return hidden_square(x); })) == "second gradient");
  CHECK(failed(of([](const Tensor& x) { return detach(x * x); })) == "gradient");
  const Sequential inside{Forgetful{}, of([](const Tensor& x) { return wrong_square(x); })};
  CHECK(contains(says(inside, "gradient"), "gradient"));
}

TEST_CASE("audit: members that are not listed") {
  CHECK(failed(Forgetful{}) == "members");
  CHECK(says(Forgetful{}, "members") ==
        fmt::format("the layer has {} bytes after \"gain\" that its members() does not list", sizeof(Tensor)));
  CHECK(contains(says(Residual{Sequential{Activation{}, Forgetful{}}}, "members"), "\"layer.1\" has "));
  CHECK(failed(HiddenStatistics{}) == "members, save and load");
  CHECK(contains(says(HiddenStatistics{}, "save and load"), "depends on something that is not listed: element "));
  CHECK(failed(OneTensor{}) == "members");
  CHECK(contains(says(OneTensor{}, "members"), "is listed twice"));
  CHECK(contains(says(OneName{}, "save and load"), "two members are called \"weight\""));
  CHECK(failed(Virtual{}) == "");
}

TEST_CASE("audit: what a struct owns is listed with it, in a map or by what it points at") {
  CHECK(failed(Owns<std::unique_ptr<Tensor>>{}) == "");
  CHECK(failed(Owns<std::vector<Tensor>>{}) == "");
  CHECK(failed(Owns<std::vector<std::unique_ptr<Tensor>>>{}) == "");
  CHECK(failed(Owns<std::map<std::string, Tensor>>{}) == "");
  CHECK(failed(Owns<std::map<std::string, std::unique_ptr<Tensor>>>{}) == "");
  CHECK(failed(Owns<std::unique_ptr<Tensor>, true>{}) == "members");  // the tensor beside it is seen all the same
  CHECK(failed(Owns<std::vector<Tensor>, true>{}) == "members");
  CHECK(failed(Owns<std::map<std::string, Tensor>, true>{}) == "members");

  Blocks blocks;
  blocks.blocks.emplace("left", Virtual{});
  CHECK(failed(blocks) == "");
  blocks.blocks.emplace("right", Forgetful{});
  CHECK(contains(says(blocks, "members"), "\"blocks.right\" has "));
}

TEST_CASE("audit: calls that leave something behind") {
  CHECK(failed(WritesInEvaluation{}) == "state");
  CHECK(contains(says(WritesInEvaluation{}, "state"), "a call in evaluation changes \"last\": element 0 is "));
  CHECK(contains(says(TrainsItself{}, "state"), "a call in training changes \"gain\""));
  CHECK(contains(failed(IntegerRange{}), "repetition"));
  CHECK(contains(says(IntegerRange{}, "repetition"), "in evaluation, call 2 gives another output than call 1"));
  CHECK(failed(OwnGenerator{}) == "repetition");
  CHECK(contains(says(OwnGenerator{}, "repetition"), "in training, call 2"));
}

TEST_CASE("audit: copies that are none") {
  const Shared original;
  CHECK(contains(failed(original), "copies"));
  CHECK(contains(says(original, "copies"), "changing a copy changes the original: element 0 is "));
  CHECK(original.gain->values() == full({3}, 2).values());  // and is as it was
}

TEST_CASE("audit: what an output must not depend on") {
  const auto by_threads = of([](const Tensor& x) { return x * (threads() > 2 ? Real(1.5) : Real(2)); });
  CHECK(failed(by_threads) == "threads");
  CHECK(contains(says(by_threads, "threads"), "the output with 3 threads and with one: element 0 is "));
  CHECK(failed(of([](const Tensor& x) { return tracked(x) ? x * Real(2) : x * Real(2) + Real(1e-6); })) == "tape");
  const auto centred = of([](const Tensor& x) { return x - mean(x, 0, keepdim); });
  CHECK(failed(centred) == "batch");
  CHECK(contains(says(centred, "batch"), "sample 0 gives another output among other neighbours"));
  const auto counted = of([](const Tensor& x) { return x * static_cast<Real>(x.shape()[0]); });
  CHECK(failed(counted) == "batch");
  CHECK(contains(says(counted, "batch"), "sample 0 alone gives an output that is off by "));
}

TEST_CASE("audit: neighbours that are mixed in the middle of a batch only") {
  const auto mixed = of([](const Tensor& x) {
    if (x.shape()[0] < 4) return x;
    return concat({slice(x, 0, 0, 1), slice(x, 0, 2, 3), slice(x, 0, 1, 2), slice(x, 0, 3, x.shape()[0])}, 0);
  });
  CHECK(failed(mixed) == "batch");
}

TEST_CASE("audit: a layer that draws in evaluation has no batch to judge") {
  const Audit audit = audit_layer(Noisy{}, {5, 3}, kQuiet);
  CHECK(audit.passed());
  CHECK(audit["batch"].detail == "it draws in evaluation: what a sample gets depends on where it stands");
}

TEST_CASE("audit: what breaks out of a layer does not break out of the audit") {
  CHECK(says(of([](const Tensor&) -> Tensor { throw 5; }), "output") ==
        "it throws something that is not a std::exception");
  const int before = threads();
  audit_layer(of([](const Tensor& x) {
                set_threads(3);
                return x;
              }),
              {5, 3}, kQuiet);
  CHECK(threads() == before);
  CHECK(contains(says(Grows{}, "output"), "a call has made a new member \"gains.1\""));
}

TEST_CASE("audit: a layer that does not work at all") {
  const auto picky = of([](const Tensor& x) { return reshape(x, {7}); });
  const Audit audit = audit_layer(picky, {5, 3}, kQuiet);
  CHECK(audit.rows.size() == 1);
  CHECK_FALSE(audit.passed());
  CHECK(contains(audit["output"].detail, "[reshape]"));
  CHECK(error_of([&] { audit["time"]; }) == "[audit] there is no row \"time\"");
  CHECK(failed(of([](const Tensor& x) { return log(x); })) == "output");
  CHECK(contains(says(of([](const Tensor& x) { return log(x); }), "output"), "the output holds "));
}

TEST_CASE("audit: what cannot be checked says why") {
  const auto total = of([](const Tensor& x) { return sum(x * x); });
  const Audit audit = audit_layer(total, {5, 3}, kQuiet);
  CHECK(audit.passed());
  CHECK_FALSE(audit["batch"].checked);
  CHECK(contains(audit["batch"].detail, "no batch axis"));
  CHECK(contains(audit.text(), "batch             -       the output () has no batch axis\n"));
  CHECK(contains(audit.text(), "\n11 passed, 0 failed, 1 could not be checked\n"));
  CHECK(failed(total, {}) == "");
  CHECK(failed(Activation{}, {0, 3}) == "");
  CHECK(failed(Activation{}, {1, 3}) == "");
}

TEST_CASE("audit: layers of several inputs, tensors and indices") {
  const Audit right = audit_layer(Bilinear{}, {{5, 3}, {5, 4}}, kQuiet);
  CHECK_MESSAGE(right.passed(), right.text());
  CHECK(right.rows.size() == 12);
  CHECK(contains(right["output"].detail, "(5, 3), (5, 4) -> (5, 2), 24 numbers in parameters"));
  CHECK(contains(right["gradient"].detail, "by 2 inputs and 1 parameter, in evaluation"));
  CHECK(contains(right["batch"].detail, "5 of 5 samples"));
  const Audit wrong = audit_layer(Bilinear{.wrong = true}, {{5, 3}, {5, 4}}, kQuiet);
  CHECK_FALSE(wrong["gradient"].passed);
  CHECK(contains(wrong["gradient"].detail, "order 1, input 2 of shape (5, 4), element "));

  Rng rng{.seed = 5};
  const Modulated modulated{Embedding(6, 3, rng)};
  const Audit mixed = audit_layer(modulated, {Indices{5, 0, 0, 2}, {4, 3}}, kQuiet);
  CHECK_MESSAGE(mixed.passed(), mixed.text());
  CHECK(contains(mixed["gradient"].detail, "in evaluation and training"));
  CHECK_FALSE(audit_layer(Modulated{modulated.table, true}, {Indices{5, 0, 0, 2}, {4, 3}}, kQuiet)["batch"].passed);
  const Modulated severed{modulated.table, false, true};
  CHECK(contains(audit_layer(severed, {Indices{5, 0, 0, 2}, {4, 3}}, kQuiet)["gradient"].detail,
                 "order 1, input 2 of shape (4, 3), element "));

  CHECK(audit_layer(Bilinear{}, {{5, 3}}, kQuiet)["output"].detail == "[audit_layer] the layer does not take 1 inputs");
  CHECK(audit_layer(modulated, {{4, 3}, {4, 3}}, kQuiet)["output"].detail ==
        "[audit_layer] the layer wants Indices where it is given a Tensor");
  CHECK(audit_layer(Bilinear{}, {Indices{5, 3}, {2, 4}}, kQuiet)["output"].detail ==
        "[audit_layer] the layer wants a Tensor where it is given Indices");
  CHECK(audit_layer(Bilinear{}, {{1, 3}, {5, 4}}, kQuiet)["batch"].detail ==
        "there are no neighbours: give inputs of one batch, of two samples or more");
}

TEST_CASE("audit: every layer over sequences passes") {
  Rng rng{.seed = 6};
  const auto pass = [](const auto& layer, const std::vector<AuditInput>& inputs) {
    const Audit audit = audit_layer(layer, inputs, kQuiet);
    CHECK_MESSAGE(audit.passed(), audit.text());
    CHECK(audit.rows.size() == 12);
    for (const char* row : {"gradient", "second gradient", "batch", "threads"})
      CHECK_MESSAGE(audit[row].checked, audit.text());
  };
  pass(Gru(3, 4, 2, rng), {{3, 5, 3}, Indices{5, 0, 2}});
  pass(Lstm(3, 4, rng), {{3, 5, 3}});
  pass(Lstm(3, 4, 2, rng), {{3, 5, 3}, Indices{5, 0, 2}});
  pass(MultiHeadAttention(4, 2, {}, rng), {{3, 5, 4}});
  pass(MultiHeadAttention(4, 2, {.causal = true, .dropout = Real(0.2)}, rng), {{3, 5, 4}, Indices{5, 0, 2}});
  pass(MultiHeadAttention(4, 2, {}, rng), {{3, 2, 4}, {3, 5, 4}, {3, 5, 4}});
  pass(MultiHeadAttention(4, 1, {}, rng), {{3, 2, 4}, {3, 5, 4}, {3, 5, 4}, Indices{5, 0, 2}});
}

TEST_CASE("audit: every layer of the library passes") {
  Rng rng{.seed = 5};
  passes(Linear(3, 4, Init::fan_in, rng), {5, 3});
  passes(Linear(3, 4, Init::fan_in, rng), {2, 5, 3});
  for (int kind = 0; kind <= Activation::softplus; ++kind) passes(Activation{Activation::Kind(kind)}, {5, 3});
  passes(Dropout(Real(0.3)), {5, 7});
  passes(BatchNorm(3), {6, 3});
  passes(BatchNorm(3), {4, 3, 2, 5});
  passes(Conv2d(4, 6, 3, {.stride = 2, .padding = 1, .groups = 2}, Init::he, rng), {2, 4, 5, 6});
  passes(ConvTranspose2d(4, 6, 3, {.stride = 2, .padding = 1, .groups = 2}, Init::he, rng), {2, 4, 3, 2});
  passes(LayerNorm({7}), {5, 7});
  passes(LayerNorm({3, 4}), {2, 3, 4});
  passes(GroupNorm(2, 6), {3, 6, 2, 2});
  passes(Gru(3, 4, rng), {3, 5, 3});
  passes(Residual{Linear(4, 4, Init::he, rng)}, {5, 4});
  passes(Sequential{Linear(4, 12, Init::he, rng), BatchNorm(12), Activation{Activation::relu}, Dropout(Real(0.2)),
                    Residual{Sequential{LayerNorm({12}), Linear(12, 12, Init::he, rng), Activation{Activation::silu}}},
                    GroupNorm(2, 12), Linear(12, 2, Init::he, rng)},
         {6, 4});
  passes(Sequential({}), {5, 3});
  const Audit words = audit_layer(Sequential{Embedding(5, 3, rng), Gru(3, 2, rng)}, tensor({2, 3}, {0, 4, 4, 1, 0, 2}),
                                  {.print = false, .by_input = false});
  CHECK_MESSAGE(words.passed(), words.text());
}

// Layers over sequences beside PyTorch's word on them (test_layers.cpp): padding has no influence on a bit of anything,
// queries without keys, several layers, dropped weights, memory, and what they refuse.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "nn/attention.h"
#include "nn/gru.h"
#include "nn/lstm.h"
#include "nn/state.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Rng any{.seed = 8};
constexpr Real kNan = std::numeric_limits<Real>::quiet_NaN();

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::vector<Real> x = a.values(), y = b.values();
  return a.shape() == b.shape() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(Real)) == 0);
}

/// x with `value` in the place of what lies after each sample's end.
Tensor padded(const Tensor& x, const Indices& lengths, Real value) {
  Tensor y = tensor(x.shape(), x.values());
  const View out = y.write();
  for (std::int64_t n = 0; n < x.shape()[0]; ++n)
    for (std::int64_t t = lengths.values[n]; t < x.shape()[1]; ++t)
      for (std::int64_t i = 0; i < x.shape()[2]; ++i) out(n, t, i) = value;
  return y;
}

/// The values of `run` on an input, and the gradients of a weighted sum of them by the input and the layer's parameters.
template <class L, class Run>
std::vector<Tensor> values_and_gradients(const L& layer, const Tensor& x, const Run& run) {
  std::vector<Tensor> watched = parameters(layer);
  watched.insert(watched.begin(), x);
  Tape tape(watched);
  std::vector<Tensor> all = run(x);
  Rng rng{.seed = 9};
  Tensor loss = scalar(0);
  for (const Tensor& y : all) loss = loss + sum(y * normal(y.shape(), rng));
  for (const Tensor& g : tape.gradient(loss)) all.push_back(g);
  return all;
}

/// Whatever the padding holds, all is the same to the bit, finite, and the gradient by the padding is 0.
template <class L, class Run>
void check_padding(const L& layer, const Indices& lengths, std::int64_t features, const Run& run) {
  const Tensor x = normal({lengths.shape[0], 5, features}, any);
  const std::vector<Tensor> expected = values_and_gradients(layer, padded(x, lengths, 0), run);
  for (const Tensor& y : expected)
    for (const Real value : y.values()) CHECK(std::isfinite(value));
  for (const Real value : {Real(1e30), kNan, -std::numeric_limits<Real>::infinity()}) {
    const std::vector<Tensor> got = values_and_gradients(layer, padded(x, lengths, value), run);
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK_MESSAGE(same_bits(got[i], expected[i]), i);
  }
  const Tensor dx = expected[expected.size() - parameters(layer).size() - 1];
  CHECK(dx.shape() == x.shape());
  CHECK(same_bits(dx, padded(dx, lengths, 0)));
}

const Indices kLengths{3, 0, 5, 1};

}  // namespace

TEST_CASE("gru and lstm: padding changes no bit of outputs, states and gradients, whatever it holds") {
  for (const std::int64_t layers : {1, 2}) {
    const Gru gru(3, 4, layers, any);
    check_padding(gru, kLengths, 3, [&](const Tensor& x) {
      const Gru::Result y = gru.run(x, kLengths);
      return std::vector{y.outputs, y.state};
    });
    const Lstm lstm(3, 4, layers, any);
    check_padding(lstm, kLengths, 3, [&](const Tensor& x) {
      const Lstm::Result y = lstm.run(x, kLengths);
      return std::vector{y.outputs, y.state, y.cell};
    });
  }
}

TEST_CASE("attention: padding changes no bit of outputs and gradients, whatever it holds") {
  for (const bool causal : {false, true}) {
    const MultiHeadAttention layer(6, 2, {.causal = causal}, any);
    Context context{.training = true, .rng = any};
    check_padding(layer, kLengths, 6, [&](const Tensor& x) { return std::vector{layer(x, kLengths, context)}; });
    const Tensor query = normal({4, 3, 6}, any);
    check_padding(layer, kLengths, 6,
                  [&](const Tensor& x) { return std::vector{layer(query, x, x, kLengths, context)}; });
  }
}

TEST_CASE("gru and lstm: after its end a sample gives 0, and its states are those at its end") {
  const Gru gru(3, 4, 2, any);
  const Lstm lstm(3, 4, 2, any);
  const Tensor x = normal({4, 5, 3}, any), h = normal({2, 4, 4}, any), c = normal({2, 4, 4}, any);
  const Gru::Result by_gru = gru.run(x, h, kLengths);
  const Lstm::Result by_lstm = lstm.run(x, h, c, kLengths);
  CHECK(same_bits(by_gru.outputs, padded(by_gru.outputs, kLengths, 0)));
  CHECK(same_bits(by_lstm.outputs, padded(by_lstm.outputs, kLengths, 0)));
  for (std::int64_t n = 0; n < 4; ++n) {
    const std::int64_t length = kLengths.values[n];
    const auto of = [&](const Tensor& all, int axis) { return slice(all, axis, n, n + 1); };
    const Tensor front = slice(x, 1, 0, length);  // of all samples: so products have as many rows
    const Gru::Result gru_front = gru.run(front, h);
    CHECK(same_bits(of(by_gru.state, 1), of(gru_front.state, 1)));
    CHECK(same_bits(slice(of(by_gru.outputs, 0), 1, 0, length), of(gru_front.outputs, 0)));
    const Lstm::Result lstm_front = lstm.run(front, h, c);
    CHECK(same_bits(of(by_lstm.state, 1), of(lstm_front.state, 1)));
    CHECK(same_bits(of(by_lstm.cell, 1), of(lstm_front.cell, 1)));
  }
  CHECK(same_bits(slice(by_gru.state, 1, 1, 2), slice(h, 1, 1, 2)));  // of length 0: the first state
  CHECK(same_bits(gru.run(x, Indices{5, 5, 5, 5}).outputs, gru.run(x).outputs));
}

TEST_CASE("gru and lstm: several layers are one after the other") {
  const Lstm both(3, 4, 2, any);
  Lstm lower(3, 4, any), upper(4, 4, any);
  lower.layers[0] = both.layers[0];
  upper.layers[0] = both.layers[1];
  const Tensor x = normal({2, 5, 3}, any);
  const Lstm::Result all = both.run(x), first = lower.run(x), second = upper.run(first.outputs);
  CHECK(same_bits(all.outputs, second.outputs));
  CHECK(same_bits(all.state, stack({first.state, second.state}, 0)));
  CHECK(same_bits(all.cell, stack({first.cell, second.cell}, 0)));
  std::vector<std::string> names;
  for (const auto& entry : state(both)) names.push_back(entry.first);
  CHECK(names == std::vector<std::string>{"bias_hh", "bias_hh_l1", "bias_ih", "bias_ih_l1", "weight_hh", "weight_hh_l1",
                                          "weight_ih", "weight_ih_l1"});
}

TEST_CASE("attention: a query without keys gets what out_proj makes of zeros, and no NaN in any gradient") {
  const MultiHeadAttention layer(4, 2, {}, any);
  MultiHeadAttention shifted = layer;
  shifted.out_proj.bias = tensor({4}, {1, 2, 3, 4});
  Context context{.training = false, .rng = any};
  const Tensor query = normal({2, 3, 4}, any), key = normal({2, 5, 4}, any);
  const Tensor y = shifted(query, key, key, Indices{0, 5}, context);
  CHECK(same_bits(slice(y, 0, 0, 1), broadcast_to(shifted.out_proj.bias, {1, 3, 4})));
  CHECK(same_bits(shifted(query, zeros({2, 0, 4}), zeros({2, 0, 4}), context),
                  broadcast_to(shifted.out_proj.bias, {2, 3, 4})));
  std::vector<Tensor> watched = parameters(shifted);
  watched.insert(watched.end(), {query, key});
  Tape second(watched), first(watched);
  Tensor squares = scalar(0);
  for (const Tensor& g : first.gradient(sum(shifted(query, key, key, Indices{0, 5}, context) * query)))
    squares = squares + sum(g * g);
  for (const Tensor& g : second.gradient(squares))
    for (const Real value : g.values()) CHECK(std::isfinite(value));
}

TEST_CASE("attention: causal, nothing before a step depends on what comes after") {
  const MultiHeadAttention layer(6, 3, {.causal = true}, any);
  Context context{.training = false, .rng = any};
  const Tensor x = normal({2, 5, 6}, any), y = layer(x, context);
  for (std::int64_t t = 1; t < 5; ++t) {
    const Tensor changed = concat({slice(x, 1, 0, t), normal({2, 5 - t, 6}, any) * 3}, 1);
    CHECK(same_bits(slice(layer(changed, context), 1, 0, t), slice(y, 1, 0, t)));
  }
}

TEST_CASE("attention: weights are dropped in training, and their mean is what they are in evaluation") {
  Rng rng{.seed = 21};
  MultiHeadAttention layer(4, 2, {.dropout = Real(0.25)}, rng);
  const Tensor x = normal({2, 5, 4}, rng);
  Rng again = rng, untouched = rng;
  Context training{.training = true, .rng = rng}, repeated{.training = true, .rng = again},
      evaluation{.training = false, .rng = untouched};
  const Tensor dropped = layer(x, training), whole = layer(x, evaluation);
  CHECK(same_bits(dropped, layer(x, repeated)));
  CHECK_FALSE(same_bits(dropped, layer(x, training)));
  CHECK(untouched.counter < rng.counter);
  Tensor total = zeros(x.shape()), squares = zeros(x.shape());
  constexpr int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    const Tensor off = layer(x, training) - whole;
    total = total + off;
    squares = squares + off * off;
  }
  for (std::int64_t i = 0; i < x.numel(); ++i)  // five standard errors of the mean
    CHECK(std::abs(total.values()[i]) <= 5 * std::sqrt(squares.values()[i]));
}

TEST_CASE("sequences: a warm step takes no memory from the system") {
  const Gru gru(3, 8, 2, any);
  const Lstm lstm(3, 8, any);
  const MultiHeadAttention attention(8, 2, {.causal = true, .dropout = Real(0.1)}, any);
  Context context{.training = true, .rng = any};
  const Tensor x = normal({4, 5, 3}, any);
  const auto step = [&] {
    std::vector<Tensor> watched = parameters(gru);
    for (const Tensor& p : parameters(lstm)) watched.push_back(p);
    for (const Tensor& p : parameters(attention)) watched.push_back(p);
    Tape tape(watched);
    const Tensor h = gru(x, kLengths) + lstm(x, kLengths);
    tape.gradient(sum(attention(h, kLengths, context) + attention(h, h, h, kLengths, context)));
  };
  for (int i = 0; i < 10; ++i) step();
  const PoolStatistics warm = pool_statistics();
  for (int i = 0; i < 10; ++i) step();
  CHECK(pool_statistics().system_allocations == warm.system_allocations);
  CHECK(pool_statistics().live_bytes == warm.live_bytes);
}

TEST_CASE("sequences: what they refuse") {
  const Gru gru(3, 4, any), deep(3, 4, 2, any);
  const Lstm lstm(3, 4, any);
  const MultiHeadAttention layer(6, 2, {}, any);
  Context context{.training = false, .rng = any};
  const Tensor x = zeros({2, 5, 3}), h = zeros({2, 4}), s = zeros({2, 5, 6});
  CHECK(error_of([&] { gru(x, {5}); }) == "[gru] lengths of shape (1) are not one for each of 2 samples");
  CHECK(error_of([&] { gru(x, Indices({2, 1}, {5, 5})); }) ==
        "[gru] lengths of shape (2, 1) are not one for each of 2 samples");
  CHECK(error_of([&] { gru(x, {5, 6}); }) == "[gru] a length of 6 is not from 0 to the 5 steps of the input");
  CHECK(error_of([&] { lstm(x, {-1, 5}); }) == "[lstm] a length of -1 is not from 0 to the 5 steps of the input");
  CHECK(error_of([&] { deep.run(x, h); }) ==
        "[gru] a state of shape (2, 4) does not fit 2 samples and 4 hidden units in 2 layers");
  CHECK(error_of([&] { lstm.run(x, h, zeros({2, 5})); }) ==
        "[lstm] a cell state of shape (2, 5) does not fit 2 samples and 4 hidden units in 1 layer");
  CHECK(error_of([&] { lstm(s); }) == "[lstm] an input of shape (2, 5, 6) is not (batch, steps, 3)");
  CHECK(error_of([&] { layer(s, {5, 6}, context); }) ==
        "[attention] a length of 6 is not from 0 to the 5 steps of the input");
  CHECK(error_of([&] { layer(x, context); }) == "[attention] a sequence of shape (2, 5, 3) is not (batch, steps, 6)");
  CHECK(error_of([&] { layer(s, s, x, context); }) ==
        "[attention] a query (2, 5, 6), key (2, 5, 6) and value (2, 5, 3) are not (N, T, E) and twice (N, S, E)");
  CHECK(error_of([] { MultiHeadAttention(6, 4, {}, any); }) == "[attention] 6 features do not divide into 4 heads");
  CHECK(error_of([] { MultiHeadAttention(6, 2, {.dropout = 1}, any); }) == "[dropout] p = 1 is not in [0, 1)");
}

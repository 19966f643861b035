// Losses against their closed forms, and what they refuse.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "nn/loss.h"
#include "tensor/random.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr double kEpsilon = std::numeric_limits<Real>::epsilon();

Tensor random(const Shape& shape, std::uint64_t seed) {
  Rng rng{.seed = seed};
  return normal(shape, rng);
}

}  // namespace

TEST_CASE("loss: binary cross-entropy is summed over a sample's elements and averaged over samples") {
  const Tensor logits = random({4, 3, 5}, 1), targets = sigmoid(random({4, 3, 5}, 2));
  double expected = 0;
  const std::vector<Real> l = logits.values(), t = targets.values();
  for (std::size_t i = 0; i < l.size(); ++i) {
    const double p = 1 / (1 + std::exp(-static_cast<double>(l[i])));
    expected -= (t[i] * std::log(p) + (1 - static_cast<double>(t[i])) * std::log1p(-p)) / 4;
  }
  const Tensor loss = bce_with_logits(logits, targets);
  CHECK(loss.rank() == 0);
  CHECK(std::abs(loss.item() - expected) <= 16 * kEpsilon * expected);
  CHECK(std::abs(bce_with_logits(scalar(0), scalar(1)).item() - std::log(2.0)) <= 2 * kEpsilon);
}

TEST_CASE("loss: binary cross-entropy of huge logits is finite, and its gradient is p - t per sample") {
  const Tensor logits = tensor({2, 2}, {1000, -1000, 1000, -1000}), targets = tensor({2, 2}, {1, 0, 0, 1});
  Tape tape(logits);
  const Tensor loss = bce_with_logits(logits, targets);
  CHECK(loss.item() == 1000);
  CHECK(tape.gradient(loss, logits).values() == std::vector<Real>{0, 0, Real(0.5), Real(-0.5)});
}

TEST_CASE("loss: mean squared error is averaged over all elements") {
  const Tensor x = tensor({2, 2}, {1, 2, 3, 4}), target = tensor({2, 2}, {1, 0, 0, 0});
  Tape tape(x);
  const Tensor loss = mse(x, target);
  CHECK(loss.item() == Real(29) / 4);
  CHECK(tape.gradient(loss, x).values() == std::vector<Real>{0, 1, Real(1.5), 2});
}

TEST_CASE("loss: cross-entropy is minus the log-probability of the label, averaged") {
  const Tensor logits = random({5, 4}, 3);
  const Indices labels{3, 0, 0, 2, 1};
  double expected = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    double total = 0;
    for (std::int64_t j = 0; j < 4; ++j) total += std::exp(static_cast<double>(logits.at({i, j})));
    expected -= (logits.at({i, labels.values[i]}) - std::log(total)) / 5;
  }
  Tape tape(logits);
  const Tensor loss = cross_entropy(logits, labels);
  CHECK(std::abs(loss.item() - expected) <= 16 * kEpsilon * expected);
  const Tensor gradient = tape.gradient(loss, logits), p = softmax(logits, 1);
  for (std::int64_t i = 0; i < 5; ++i)
    for (std::int64_t j = 0; j < 4; ++j)
      CHECK(std::abs(gradient.at({i, j}) - (p.at({i, j}) - (labels.values[i] == j)) / 5) <= 4 * kEpsilon);
  CHECK(cross_entropy(tensor({1, 2}, {1000, -1000}), {1}).item() == 2000);
  CHECK(std::abs(cross_entropy(zeros({3, 10}), {0, 5, 9}).item() - std::log(10.0)) <= 4 * kEpsilon);
}

TEST_CASE("loss: accuracy is the share of labels with the largest logit, ties to the first, NaN wrong") {
  constexpr Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  const Tensor logits =
      tensor({8, 3}, {3, 1, 2, -1, -2, -3, 0, 5, 5, 0, 5, 5, nan, 1, 0, 0, 1, nan, -inf, 0, 1, -inf, -inf, -inf});
  CHECK(accuracy(logits, {0, 0, 1, 2, 0, 1, 2, 0}) == 5.0 / 8);  // right: 0, 1, 2, 6, 7
  CHECK(accuracy(logits, {1, 2, 0, 0, 2, 2, 1, 1}) == 0);
  CHECK(accuracy(transpose(tensor({2, 3}, {1, 0, 7, 2, 3, 4})), {1, 1, 0}) == 1);  // by strides
  CHECK(accuracy(zeros({3, 1}), {0, 0, 0}) == 1);
  CHECK(error_of([&] { accuracy(logits, {0, 1}); }) ==
        "[accuracy] logits (8, 3) and labels (2) are not (B, classes) and (B)");
  CHECK(error_of([] { accuracy(zeros({2, 3}), {0, 3}); }) == "[accuracy] class 3 is not one of 3");
  CHECK(error_of([] { accuracy(zeros({2, 3}), {-1, 2}); }) == "[accuracy] class -1 is not one of 3");
  CHECK(error_of([] { accuracy(zeros({0, 3}), Indices()); }) == "[accuracy] an empty batch has no mean");
  CHECK(contains(error_of([] { accuracy(zeros({3}), {0, 1, 2}); }), "[accuracy] logits (3)"));
}

TEST_CASE("loss: shapes that do not fit, empty batches and labels out of range are errors") {
  CHECK(error_of([] { mse(zeros({2, 3}), zeros({3})); }) == "[mse] shapes differ: (2, 3) and (3)");
  CHECK(error_of([] { bce_with_logits(zeros({2}), zeros({2, 1})); }) ==
        "[bce_with_logits] shapes differ: (2) and (2, 1)");
  CHECK(error_of([] { mse(zeros({0, 3}), zeros({0, 3})); }) == "[mse] an empty batch has no mean");
  CHECK(contains(error_of([] { bce_with_logits(zeros({0}), zeros({0})); }), "empty batch"));
  CHECK(contains(error_of([] { cross_entropy(zeros({2, 3}), {0}); }), "[cross_entropy] logits (2, 3) and labels (1)"));
  CHECK(contains(error_of([] { cross_entropy(zeros({3}), {0, 1, 2}); }), "[cross_entropy] "));
  CHECK(contains(error_of([] { cross_entropy(zeros({2, 3}), {0, 3}); }), "class 3 is not one of 3"));
  CHECK(contains(error_of([] { cross_entropy(zeros({2, 3}), {0, -1}); }), "class -1 is not one of 3"));
  CHECK(contains(error_of([] { cross_entropy(zeros({0, 3}), Indices()); }), "empty batch"));
}

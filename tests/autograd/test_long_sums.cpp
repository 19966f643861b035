// Sums over many numbers do not stop growing, whichever op adds them up: a float that is added to one by one stands
// still at 2^24, and is off by a percent long before.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

using namespace gradus;

namespace {

constexpr std::int64_t kMany = 20'000'000;  // a float holds it exactly, but not kMany - 1
constexpr std::int64_t kMillion = 1'000'000;

/// Which place each of n numbers goes to, the same one for all.
Indices all_to(std::int64_t place, const Shape& shape) {
  Indices indices(shape);
  std::fill(indices.values.begin(), indices.values.end(), place);
  return indices;
}

/// That `got` is the sum, rounded to Real; the sum itself, in double, may be off by a little less.
void check_rounded(Real got, double sum) {
  CHECK(std::abs(got - sum) <= 1.001 * std::numeric_limits<Real>::epsilon() / 2 * std::abs(sum) + 1e-9 * std::abs(sum));
}

/// The gradient of Σ y by x.
template <class F>
Tensor gradient(const Tensor& x, const F& y) {
  Tape tape(x);
  return tape.gradient(sum(y(x)), x);
}

}  // namespace

TEST_CASE("long sums: scatter_add of twenty million ones to one place") {
  const Tensor total = scatter_add(ones({kMany}), 0, all_to(1, {kMany}), 3);
  CHECK(total.values() == std::vector<Real>{0, static_cast<Real>(kMany), 0});
}

TEST_CASE("long sums: cumsum of twenty million ones") {
  CHECK(cumsum(ones({kMany}), 0).at({kMany - 1}) == static_cast<Real>(kMany));
}

TEST_CASE("long sums: scatter_add and scatter_rows along and across memory, to the rounding of their results") {
  Rng rng{.seed = 3};
  const Tensor x = uniform({kMillion, 3}, rng);
  const std::vector<Real> values = x.values();
  double sums[3] = {};
  for (std::size_t i = 0; i < values.size(); ++i) sums[i % 3] += values[i];
  const Tensor down = scatter_add(x, 0, all_to(1, x.shape()), 2);
  const Tensor along = scatter_add(transpose(x), 1, all_to(1, {3, kMillion}), 2);
  const Tensor rows = scatter_rows(x, all_to(1, {kMillion}), 2);
  for (int j = 0; j < 3; ++j) {
    check_rounded(down.at({1, j}), sums[j]);
    check_rounded(along.at({j, 1}), sums[j]);
    check_rounded(rows.at({1, j}), sums[j]);
    CHECK(down.at({0, j}) == 0);
  }
}

TEST_CASE("long sums: the gradients of embedding and gather at a million repetitions") {
  const Real tenth = Real(0.1);
  const double exact = static_cast<double>(tenth) * kMillion;
  const Tensor table = ones({4, 2}), line = ones({4});
  const Tensor of_table = gradient(table, [&](const Tensor& t) { return embedding(t, all_to(2, {kMillion})) * tenth; });
  check_rounded(of_table.at({2, 0}), exact);
  check_rounded(of_table.at({2, 1}), exact);
  CHECK(of_table.at({1, 0}) == 0);
  const Tensor of_line = gradient(line, [&](const Tensor& x) { return gather(x, 0, all_to(3, {kMillion})) * tenth; });
  check_rounded(of_line.at({3}), exact);
}

TEST_CASE("long sums: average pooling of ones, and its gradient where windows overlap") {
  CHECK(avg_pool2d(ones({1, 2, 224, 224}), 224).values() == std::vector<Real>{1, 1});
  // A window with its padding has 224 x 224 places, of which 2 rows are padding.
  CHECK(avg_pool2d(ones({1, 1, 222, 224}), 224, {.padding = {1, 0}}).item() == Real(222.0 / 224));
  const Tensor g = gradient(ones({1, 1, 300, 300}), [](const Tensor& x) { return avg_pool2d(x, 224, {.stride = 1}); });
  check_rounded(g.at({0, 0, 150, 150}), 77.0 * 77 / (224 * 224));  // that many windows see it
  check_rounded(g.at({0, 0, 0, 10}), 11.0 / (224 * 224));
}

TEST_CASE("long sums: the gradient of a bias") {
  const Tensor bias = zeros({2}), x = ones({kMillion, 1}), weight = ones({2, 1});
  const Tensor g = gradient(bias, [&](const Tensor& b) { return linear(x, weight, b) * Real(0.1); });
  const double exact = static_cast<double>(Real(0.1)) * kMillion;
  for (const Real of_one : g.values())  // in a tree: 32 one by one in its leaves, then log2(n / 32) levels
    CHECK(std::abs(of_one - exact) <= (32 + 16) * std::numeric_limits<Real>::epsilon() / 2 * exact);
}

TEST_CASE("long sums: the same bits for any number of threads") {
  const int before = threads();
  Rng rng{.seed = 5};
  const Tensor x = normal({70, 90, 20}, rng), image = normal({3, 5, 61, 47}, rng), rows = normal({40'000, 70}, rng);
  Indices places(x.shape());
  for (std::size_t i = 0; i < places.values.size(); ++i) places.values[i] = static_cast<std::int64_t>(i * i % 13);
  Indices words(Shape{40'000});
  for (std::size_t i = 0; i < words.values.size(); ++i) words.values[i] = static_cast<std::int64_t>(i * i % 7);
  std::vector<std::vector<Real>> first;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    const auto pooled = [](const Tensor& x) { return avg_pool2d(x, {9, 7}, {.stride = {2, 1}, .padding = 3}); };
    std::vector<std::vector<Real>> now{scatter_rows(rows, words, 9).values(), pooled(image).values(),
                                       gradient(image, [&](const Tensor& x) { return exp(pooled(x)); }).values()};
    for (const int axis : {0, 1, 2}) now.push_back(scatter_add(x, axis, places, 13).values());
    if (first.empty()) first = now;
    CHECK((now == first));
  }
  set_threads(before);
}

TEST_CASE("long sums: a warm step takes no memory from the system") {
  Rng rng{.seed = 6};
  const Tensor table = normal({50, 8}, rng), image = normal({2, 3, 20, 20}, rng);
  const Indices words = all_to(7, {3000}), places = all_to(2, {50, 8});
  const auto step = [&] {
    gradient(table, [&](const Tensor& t) { return sum(embedding(t, words)) * scatter_add(t, 0, places, 5); });
    gradient(image, [](const Tensor& x) { return avg_pool2d(x, 3) * max_pool2d(x, 3); });
  };
  for (int i = 0; i < 3; ++i) step();
  const std::int64_t before = pool_statistics().system_allocations;
  for (int i = 0; i < 10; ++i) step();
  CHECK(pool_statistics().system_allocations == before);
}

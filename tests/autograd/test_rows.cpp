// stack, split, cumsum, embedding and scatter_rows: their values by definition, and what they refuse.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Tensor random(const Shape& shape, std::uint64_t seed = 1) {
  Rng rng{.seed = seed};
  return normal(shape, rng);
}

}  // namespace

TEST_CASE("stack: a new axis anywhere") {
  const Tensor a = tensor({2}, {1, 2}), b = tensor({2}, {3, 4});
  CHECK(stack({a, b}, 0).values() == std::vector<Real>{1, 2, 3, 4});
  CHECK(stack({a, b}, 1).values() == std::vector<Real>{1, 3, 2, 4});
  CHECK(stack({a, b}, -1).values() == std::vector<Real>{1, 3, 2, 4});
  CHECK(stack({a, b, a}, -2).shape() == Shape{3, 2});
  CHECK(stack({scalar(1), scalar(2)}, 0).shape() == Shape{2});
  CHECK(error_of([&] { stack({a, scalar(1)}, 0); }) == "[stack] shapes differ: (2) and ()");
  CHECK(error_of([&] { stack({}, 0); }) == "[stack] no parts");
  CHECK(contains(error_of([&] { stack({a}, 2); }), "[stack]"));
  CHECK(contains(error_of([&] { stack({zeros({1, 1, 1, 1, 1, 1})}, 0); }), "no room for another axis"));
}

TEST_CASE("split: the opposite of concat, by views") {
  const Tensor x = random({7, 3});
  const std::vector<Tensor> parts = split(x, {2, 0, 4, 1}, 0);
  REQUIRE(parts.size() == 4);
  CHECK(parts[1].shape() == Shape{0, 3});
  CHECK(concat(parts, 0).values() == x.values());
  CHECK(parts[2].view().data == x.view().data + 2 * 3);
  for (const std::int64_t n : {1, 7}) CHECK(concat(split(x, n, 0), 0).values() == x.values());
  CHECK(split(x, {3}, 1).size() == 1);  // one extent, not three parts
  CHECK(split(x, 3, -1)[2].shape() == Shape{7, 1});
  CHECK(split(zeros({0, 2}), 3, 0)[2].shape() == Shape{0, 2});
  CHECK(split(zeros({0, 2}), std::span<const std::int64_t>(), 0).empty());
  CHECK(error_of([&] { split(x, {2, 4}, 0); }) ==
        "[split] the parts add up to 6, not to the extent of axis 0 of shape (7, 3)");
  CHECK(error_of([&] { split(x, {8, -1}, 0); }) == "[split] a part cannot have extent -1");
  CHECK(error_of([&] { split(x, 2, 0); }) == "[split] axis 0 of shape (7, 3) does not divide into 2 equal parts");
  for (const std::int64_t n : {0, -1}) CHECK(contains(error_of([&] { split(x, n, 0); }), "does not divide into"));
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK_FALSE(error_of([&] { split(x, {most, most}, 0); }) == "no error");
  CHECK(contains(error_of([&] { split(x, 3, 2); }), "[split]"));
}

TEST_CASE("cumsum: forwards and back, along any axis, in any layout") {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(cumsum(x, 0).values() == std::vector<Real>{1, 2, 3, 5, 7, 9});
  CHECK(cumsum(x, 1).values() == std::vector<Real>{1, 3, 6, 4, 9, 15});
  CHECK(cumsum(x, -1, true).values() == std::vector<Real>{6, 5, 3, 15, 11, 6});
  CHECK(cumsum(transpose(x), 0).values() == std::vector<Real>{1, 4, 3, 9, 6, 15});
  CHECK(cumsum(zeros({0, 3}), 0).shape() == Shape{0, 3});
  CHECK(cumsum(zeros({3, 0}), 0).shape() == Shape{3, 0});
  CHECK(contains(error_of([] { cumsum(scalar(1), 0); }), "[cumsum]"));
  CHECK(contains(error_of([&] { cumsum(x, 2); }), "[cumsum]"));
  // A float would stand still at 2^24, and lose 0.1 by then.
  const std::int64_t n = 200'000;
  const double exact = static_cast<double>(Real(0.1)) * static_cast<double>(n);
  CHECK(std::abs(cumsum(full({n}, Real(0.1)), 0).at({n - 1}) - exact) <= 1e-7 * exact);
}

TEST_CASE("embedding: rows by number, and what comes twice adds up") {
  const Tensor table = tensor({3, 2}, {1, 2, 3, 4, 5, 6});
  const Indices twice({3}, {2, 0, 2});
  CHECK(embedding(table, twice).values() == std::vector<Real>{5, 6, 1, 2, 5, 6});
  CHECK(embedding(transpose(table), {1}).values() == std::vector<Real>{2, 4, 6});
  CHECK(embedding(table, Indices({}, {1})).shape() == Shape{2});
  CHECK(embedding(zeros({0, 2}), Indices({0, 3}, {})).shape() == Shape{0, 3, 2});
  CHECK(embedding(zeros({3, 0}), twice).shape() == Shape{3, 0});
  CHECK(scatter_rows(table, twice, 4).values() == std::vector<Real>{3, 4, 0, 0, 6, 8, 0, 0});
  CHECK(error_of([&] { embedding(table, {3}); }) == "[embedding] index 3 is out of range for a table of 3 rows");
  CHECK(error_of([&] { embedding(arange(3), {0}); }) == "[embedding] a table of shape (3) is not (rows, features)");
  CHECK(error_of([&] { scatter_rows(table, {0, 1}, 3); }) ==
        "[scatter_rows] indices of shape (2) are not one for each row of (3, 2)");
  CHECK(contains(error_of([&] { scatter_rows(scalar(1), {0}, 3); }), "[scatter_rows]"));
  CHECK(contains(error_of([&] { scatter_rows(table, {0, 1, 3}, 3); }), "index 3 is out of range"));
  CHECK(error_of([&] { scatter_rows(zeros({0, 2}), Indices({0}, {}), -1); }) ==
        "[scatter_rows] a table cannot have -1 rows");
  CHECK(error_of([&] { embedding(table, Indices({1, 1, 1, 1, 1, 1}, {0})); }) ==
        "[embedding] indices of shape (1, 1, 1, 1, 1, 1) leave no room for the axis of features");
}

TEST_CASE("cumsum, embedding and scatter_rows: the same bits for any number of threads") {
  const int before = threads();
  const Tensor x = random({300, 700}), table = random({50, 96}, 2);
  std::vector<std::int64_t> numbers(5000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i * i % 50);
  const Indices words(numbers);
  std::vector<std::vector<Real>> first;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    const Tensor looked_up = embedding(table, words);
    const std::vector<std::vector<Real>> now{cumsum(x, 0).values(), cumsum(x, 1, true).values(), looked_up.values(),
                                             scatter_rows(looked_up, words, 50).values()};
    if (first.empty()) first = now;
    CHECK((now == first));
  }
  set_threads(before);
  // Each row is the sum of what it is given, added up in double.
  const Tensor looked_up = embedding(table, words);
  std::vector<double> sums(50 * 96);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    for (std::size_t j = 0; j < 96; ++j) sums[numbers[i] * 96 + j] += looked_up.view().data[i * 96 + j];
  CHECK((std::vector<Real>(sums.begin(), sums.end()) == first[3]));
}

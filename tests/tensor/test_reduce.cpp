// Reductions against plain loops: exactly on small integers, for any layout, and within a proven bound elsewhere.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "tensor/parallel.h"
#include "tensor/reduce.h"

using namespace gradus;

namespace {

constexpr double kEpsilon = std::numeric_limits<Real>::epsilon();
constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
constexpr Real kSentinel = -12345;

using Kernel = void (*)(const ConstView&, const View&);

// The kernel's results. What stands beside them in memory must survive.
std::vector<Real> run(Kernel kernel, const ConstView& in, const Shape& shape) {
  std::vector<Real> memory(shape.numel() + 32, kSentinel);
  kernel(in, {memory.data() + 16, shape, contiguous_strides(shape)});
  REQUIRE(std::count(memory.begin(), memory.begin() + 16, kSentinel) == 16);
  REQUIRE(std::count(memory.end() - 16, memory.end(), kSentinel) == 16);
  return {memory.begin() + 16, memory.end() - 16};
}
Real run_all(Kernel kernel, const std::vector<Real>& x) {
  const std::int64_t n = static_cast<std::int64_t>(x.size());
  return run(kernel, {x.data(), {n}, {1}}, {1})[0];
}

// For every result, in order, the numbers behind it, in row-major order.
std::vector<std::vector<double>> groups(const ConstView& in, const Shape& out) {
  std::vector<std::vector<double>> result(out.numel());
  const Strides out_strides = contiguous_strides(out);
  std::int64_t index[kMaxRank] = {};
  for (std::int64_t n = 0; n < in.shape.numel(); ++n) {
    std::int64_t from = 0, to = 0, rest = n;
    for (int axis = in.shape.rank() - 1; axis >= 0; --axis) {
      index[axis] = rest % in.shape[axis];
      rest /= in.shape[axis];
      from += index[axis] * in.strides[axis];
      if (out[axis] == in.shape[axis]) to += index[axis] * out_strides[axis];
    }
    result[to].push_back(in.data[from]);
  }
  return result;
}

double sum_of(const std::vector<double>& x) {
  long double sum = 0;
  for (const double v : x) sum += v;
  return static_cast<double>(sum);
}
double max_of(const std::vector<double>& x) {
  double largest = -kInfinity;
  for (const double v : x) largest = std::max(largest, v);
  return largest;
}
double logsumexp_of(const std::vector<double>& x) {
  const double largest = max_of(x);
  long double sum = 0;
  for (const double v : x) sum += std::exp(v - largest);
  return x.empty() ? -kInfinity : static_cast<double>(largest + std::log(sum));
}

// A random layout: permuted axes, gaps, repeated axes, an offset; small integers in it.
struct RandomView {
  std::vector<Real> memory;
  ConstView view;
  Shape out;

  explicit RandomView(std::mt19937& random) {
    const auto pick = [&](int n) { return static_cast<int>(random() % n); };
    const int rank = pick(kMaxRank + 1);
    std::vector<std::int64_t> extents, kept, order;
    std::int64_t size = 1;
    for (int axis = 0; axis < rank; ++axis) {
      const int choices[] = {1, 2, 3, 4, 7, 16, 33, 65, 130, 300};
      std::int64_t extent = choices[pick(10)];
      if (size * extent > 40000) extent = 1 + pick(2);
      if (pick(60) == 0) extent = 0;
      size *= extent;
      extents.push_back(extent);
      kept.push_back(pick(2) ? extent : 1);
      order.push_back(axis);
    }
    std::shuffle(order.begin(), order.end(), random);
    if (pick(2)) std::sort(order.begin(), order.end());
    Strides strides{};
    const std::int64_t offset = pick(5);
    std::int64_t step = pick(3) ? 1 : 2;
    for (int i = rank - 1; i >= 0; --i) {
      const int axis = static_cast<int>(order[i]);
      if (pick(6) == 0) continue;  // stride 0
      strides[axis] = step;
      step = step * std::max<std::int64_t>(extents[axis], 1) + (pick(4) ? 0 : pick(9));
    }
    memory.resize(offset + step);
    for (Real& v : memory) v = static_cast<Real>(pick(17) - 8);
    view = {memory.data() + offset, Shape(extents), strides};
    out = Shape(kept);
  }
};

std::vector<Real> random_numbers(std::int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> distribution(-4, 4);
  std::vector<Real> x(n);
  for (Real& v : x) v = static_cast<Real>(distribution(random));
  return x;
}

}  // namespace

TEST_CASE("any axes of any layout reduce to what plain loops give") {
  std::mt19937 random(1);
  for (int trial = 0; trial < 600; ++trial) {
    const RandomView x(random);
    CAPTURE(trial);
    CAPTURE(to_string(x.view.shape));
    CAPTURE(to_string(x.out));
    const auto expected = groups(x.view, x.out);
    const std::vector<Real> sums = run(kernel::sum, x.view, x.out);
    const std::vector<Real> logs = run(kernel::logsumexp, x.view, x.out);
    int right = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double log = logsumexp_of(expected[i]);
      right += sums[i] == sum_of(expected[i]) &&
               (logs[i] == log || std::abs(logs[i] - log) <= 16 * kEpsilon * (1 + std::abs(log)));
    }
    REQUIRE(right == static_cast<int>(expected.size()));
  }
}

TEST_CASE("every length up to a few registers and around the borders of lines, along and across") {
  for (std::int64_t n = 0; n <= 1100; n += n < 140 ? 1 : 37) {
    std::vector<Real> x(n * 3);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<Real>((i * 7919) % 101) - 50;
    const ConstView row{x.data(), {3, n}, {n, 1}}, column{x.data(), {n, 3}, {3, 1}};
    const std::pair<ConstView, Shape> cases[] = {{row, {3, 1}},    {row, {1, n}},    {row, {1, 1}},
                                                 {column, {1, 3}}, {column, {n, 1}}, {column, {n, 3}}};
    for (const auto& both : cases) {
      const auto& in = both.first;
      const auto& out = both.second;
      CAPTURE(to_string(in.shape));
      CAPTURE(to_string(out));
      const auto expected = groups(in, out);
      const std::vector<Real> sums = run(kernel::sum, in, out);
      int right = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) right += sums[i] == sum_of(expected[i]);
      REQUIRE(right == static_cast<int>(expected.size()));
    }
  }
}

TEST_CASE("large sums are exact on integers and as exact as a tree allows elsewhere") {
  const std::int64_t rows = 3000, columns = 401, n = rows * columns;
  const std::vector<Real> x = random_numbers(n, 2);
  std::vector<Real> integers(n);
  for (std::int64_t i = 0; i < n; ++i) integers[i] = static_cast<Real>(i % 13) - 6;
  for (const Shape& out : {Shape{1, 1}, Shape{rows, 1}, Shape{1, columns}}) {
    CAPTURE(to_string(out));
    const ConstView exact{integers.data(), {rows, columns}, {columns, 1}};
    const ConstView any{x.data(), {rows, columns}, {columns, 1}};
    const auto expected = groups(exact, out), behind = groups(any, out);
    const std::vector<Real> sums = run(kernel::sum, exact, out), real_sums = run(kernel::sum, any, out);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(static_cast<double>(sums[i]) == sum_of(expected[i]));
      double magnitude = 0;
      for (const double v : behind[i]) magnitude += std::abs(v);
      // At most 32 additions in a row, and a tree above: (32 + log₂ n) roundings of half an epsilon on any path.
      const double depth = 32 + std::log2(static_cast<double>(behind[i].size()) + 1) + 3;
      REQUIRE(std::abs(real_sums[i] - sum_of(behind[i])) <= depth * kEpsilon / 2 * magnitude);
    }
  }
}

TEST_CASE("a sum of ten million equal numbers does not stall") {
  // Added one by one, tenths stop growing a float at about 2 million.
  const std::vector<Real> x(10000000, Real(0.1));
  const double expected = 1e7 * static_cast<double>(Real(0.1));
  CHECK(std::abs(run_all(kernel::sum, x) - expected) <= 32 * kEpsilon * expected);
  const Real one = Real(0.1);  // the same, repeated by stride 0
  const Real repeated = run(kernel::sum, {&one, {10000000}, {0}}, {1})[0];
  CHECK(std::abs(repeated - expected) <= 2 * kEpsilon * expected);
}

TEST_CASE("reductions over nothing are the neutral ones, and no results need no input") {
  const Real unread = 1;
  const std::pair<Shape, Shape> cases[] = {{{0}, {1}}, {{3, 0}, {3, 1}}, {{0, 4}, {1, 4}}};
  for (const auto& [in, out] : cases) {
    const ConstView view{&unread, in, contiguous_strides(in)};
    for (const Real v : run(kernel::sum, view, out)) CHECK(v == 0);
    for (const Real v : run(kernel::logsumexp, view, out)) CHECK(v == -kInfinity);
  }
  const ConstView none{&unread, {0, 4}, {4, 1}};
  for (const Kernel kernel : {kernel::sum, kernel::logsumexp}) CHECK(run(kernel, none, {0, 1}).empty());
}

TEST_CASE("rank 0 and axes of extent 1 pass through") {
  const Real x = Real(-2.5);
  CHECK(run(kernel::sum, {&x, {}, {}}, {})[0] == x);
  CHECK(run(kernel::logsumexp, {&x, {}, {}}, {})[0] == x);
  CHECK(run(kernel::sum, {&x, {1, 1, 1, 1, 1, 1}, {9, 8, 7, 6, 5, 4}}, {1, 1, 1, 1, 1, 1})[0] == x);
}

TEST_CASE("NaN is never swallowed, wherever it stands") {
  for (const std::int64_t n : {1, 2, 15, 16, 17, 63, 64, 65, 150, 700}) {
    for (std::int64_t at = 0; at < n; at += n < 20 ? 1 : 7) {
      std::vector<Real> x(n, 1);
      x[at] = kNaN;
      CAPTURE(n);
      CAPTURE(at);
      for (const Kernel kernel : {kernel::sum, kernel::logsumexp}) {
        REQUIRE(std::isnan(run_all(kernel, x)));
        REQUIRE(std::isnan(run(kernel, {x.data(), {n, 40}, {1, 0}}, {1, 40})[39]));
        x[n - 1 - at] = at == n - 1 - at ? kNaN : kInfinity;
        REQUIRE(std::isnan(run_all(kernel, x)));
        x[n - 1 - at] = at == n - 1 - at ? kNaN : 1;
      }
      std::int64_t where = -1;
      kernel::argmax({x.data(), {n}, {1}}, 0, &where);
      REQUIRE(where == at);
    }
  }
}

TEST_CASE("infinities reduce as in the limit") {
  for (const std::int64_t n : {1, 5, 64, 100, 784}) {
    std::vector<Real> x(n, -kInfinity);
    CHECK(run_all(kernel::logsumexp, x) == -kInfinity);
    CHECK(run_all(kernel::sum, x) == -kInfinity);
    x[n / 2] = 3;
    CHECK(run_all(kernel::logsumexp, x) == 3);
    x[0] = kInfinity;
    CHECK(run_all(kernel::logsumexp, x) == kInfinity);
    CHECK(std::isnan(run_all(kernel::sum, x)) == (n > 1));
  }
}

TEST_CASE("logsumexp neither overflows nor underflows") {
  for (const Real level : {Real(-1e4), Real(-200), Real(0), Real(200), Real(1e4)}) {
    const std::vector<Real> x(1000, level);
    const double expected = level + std::log(1000.0);
    CHECK(std::abs(run_all(kernel::logsumexp, x) - expected) <= 8 * kEpsilon * std::abs(expected));
    const Real repeated = run(kernel::logsumexp, {&level, {1000}, {0}}, {1})[0];
    CHECK(std::abs(repeated - expected) <= 8 * kEpsilon * std::abs(expected));
  }
}

TEST_CASE("logsumexp of many rows, in each direction") {
  const std::vector<Real> x = random_numbers(500 * 784, 3);
  for (const auto& [strides, out] : {std::pair{Strides{784, 1}, Shape{500, 1}},
                                     {Strides{784, 1}, Shape{1, 784}},
                                     {Strides{1, 500}, Shape{500, 1}},
                                     {Strides{784, 1}, Shape{1, 1}}}) {
    const ConstView view{x.data(), {500, 784}, strides};
    const auto behind = groups(view, out);
    const std::vector<Real> logs = run(kernel::logsumexp, view, out);
    for (std::size_t i = 0; i < behind.size(); ++i) {
      const double expected = logsumexp_of(behind[i]);
      REQUIRE(std::abs(logs[i] - expected) <= 16 * kEpsilon * (1 + std::abs(expected)));
    }
  }
}

TEST_CASE("argmax is the first of the largest, along any axis of any layout") {
  std::mt19937 random(4);
  for (int trial = 0; trial < 300; ++trial) {
    const RandomView x(random);
    for (int axis = 0; axis < x.view.shape.rank(); ++axis) {
      if (x.view.shape[axis] == 0) continue;
      const Shape out = x.view.shape.with(axis, 1);
      const auto behind = groups(x.view, out);  // one axis only: in its order
      std::vector<std::int64_t> found(behind.size() + 1, -7);
      kernel::argmax(x.view, axis, found.data());
      int right = 0;
      for (std::size_t i = 0; i < behind.size(); ++i)
        right += found[i] == std::max_element(behind[i].begin(), behind[i].end()) - behind[i].begin();
      REQUIRE(right == static_cast<int>(behind.size()));
      REQUIRE(found.back() == -7);
    }
  }
  const std::vector<Real> low(5, -kInfinity);
  std::int64_t where = -1;
  kernel::argmax({low.data(), {5}, {1}}, 0, &where);
  CHECK(where == 0);
}

TEST_CASE("any number of threads gives the same bits") {
  const int before = threads();
  const std::vector<Real> x = random_numbers(700 * 1501, 5);
  struct Case {
    Shape in;
    Strides strides;
    Shape out;
  };
  const Case cases[] = {{{700, 1501}, {1501, 1}, {1, 1}},
                        {{700, 1501}, {1501, 1}, {700, 1}},
                        {{700, 1501}, {1501, 1}, {1, 1501}},
                        {{700, 1501}, {1, 700}, {1, 1501}},
                        {{20000, 50}, {50, 1}, {20000, 1}},
                        {{20000, 50}, {50, 1}, {1, 50}},
                        {{7, 100, 1501}, {150100, 1501, 1}, {1, 100, 1}}};
  for (const Case& c : cases) {
    for (const Kernel kernel : {kernel::sum, kernel::logsumexp}) {
      std::vector<Real> reference;
      for (const int count : {1, 2, 3, 7}) {
        set_threads(count);
        const std::vector<Real> result = run(kernel, {x.data(), c.in, c.strides}, c.out);
        if (count == 1) reference = result;
        CHECK(std::memcmp(result.data(), reference.data(), result.size() * sizeof(Real)) == 0);
      }
    }
  }
  set_threads(before);
}

TEST_CASE("a warm reduction takes nothing from the system") {
  const std::vector<Real> x = random_numbers(1000000, 6);
  run_all(kernel::sum, x);
  const std::int64_t before = pool_statistics().system_allocations;
  for (int i = 0; i < 5; ++i) run_all(kernel::sum, x);
  CHECK(pool_statistics().system_allocations == before);
}

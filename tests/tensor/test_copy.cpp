// Copies and elementwise loops against plain loops, element by element: any order of memory, any length of line.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "tensor/copy.h"
#include "tensor/map.h"
#include "tensor/parallel.h"

using namespace gradus;

namespace {

constexpr Real kSentinel = -12345;

std::vector<Real> elements(const ConstView& view) {
  std::vector<Real> result(view.shape.numel());
  for (std::int64_t n = 0; n < view.shape.numel(); ++n) {
    std::int64_t offset = 0, rest = n;
    for (int axis = view.shape.rank() - 1; axis >= 0; rest /= view.shape[axis--])
      offset += rest % view.shape[axis] * view.strides[axis];
    result[n] = view.data[offset];
  }
  return result;
}

// What `write` writes to row-major memory. What stands beside it must survive.
template <class Write>
std::vector<Real> written(const Shape& shape, const Write& write) {
  std::vector<Real> memory(shape.numel() + 32, kSentinel);
  write(View{memory.data() + 16, shape, contiguous_strides(shape)});
  REQUIRE(std::count(memory.begin(), memory.begin() + 16, kSentinel) == 16);
  REQUIRE(std::count(memory.end() - 16, memory.end(), kSentinel) == 16);
  return {memory.begin() + 16, memory.end() - 16};
}

// Calls visit(view) for a block of numbers with its axes in every order, whole, cut, and repeated along each axis.
template <class Visit>
void for_each_layout(std::int64_t a, std::int64_t b, std::int64_t c, const Visit& visit) {
  std::vector<Real> numbers(a * b * c);  // no more than is looked at: a sanitizer sees every step beyond
  std::iota(numbers.begin(), numbers.end(), Real(1));
  const std::array<std::int64_t, 3> extents{a, b, c}, strides{b * c, c, 1};
  std::array<int, 3> order{0, 1, 2};
  do {
    const auto extent = [&](int axis) { return extents[order[axis]]; };
    const auto stride = [&](int axis) { return strides[order[axis]]; };
    const ConstView whole{numbers.data(), {extent(0), extent(1), extent(2)}, {stride(0), stride(1), stride(2)}};
    visit(whole);
    for (int axis = 0; axis < 3; ++axis) {
      ConstView repeated = whole, cut = whole;
      repeated.strides[axis] = 0;
      visit(repeated);
      cut.data += extent(axis) / 2 * stride(axis);
      cut.shape = cut.shape.with(axis, extent(axis) - extent(axis) / 2);
      visit(cut);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

const std::array<std::int64_t, 3> kExtents[] = {{1, 1, 1},  {1, 7, 1},   {2, 3, 5},    {3, 16, 17},  {5, 33, 31},
                                                {9, 8, 40}, {2, 65, 70}, {130, 3, 64}, {1, 100, 300}};

}  // namespace

TEST_CASE("a copy has every element in its place, whatever the order of memory") {
  for (const auto& [a, b, c] : kExtents)
    for_each_layout(a, b, c, [](const ConstView& in) {
      CAPTURE(in.shape);
      CHECK(written(in.shape, [&](const View& out) { kernel::copy(in, out); }) == elements(in));
    });
}

TEST_CASE("a copy of six axes, and of none") {
  const std::array<std::int64_t, 6> extents{2, 9, 1, 3, 8, 2}, strides{2, 32, 7, 288, 4, 1};
  std::vector<Real> numbers(900);
  std::iota(numbers.begin(), numbers.end(), Real(1));
  std::array<int, 6> order{0, 1, 2, 3, 4, 5};
  do {
    std::array<std::int64_t, 6> shape;
    ConstView in{numbers.data(), {}, {}};
    for (int i = 0; i < 6; ++i) {
      shape[i] = extents[order[i]];
      in.strides[i] = strides[order[i]];
    }
    in.shape = Shape(shape);
    if (written(in.shape, [&](const View& out) { kernel::copy(in, out); }) != elements(in)) FAIL(in.shape);
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(written({}, [&](const View& out) { kernel::copy({numbers.data() + 4, {}, {}}, out); })[0] == 5);
  CHECK(written({3, 0, 2}, [&](const View& out) { kernel::copy({nullptr, {3, 0, 2}, {1, 1, 1}}, out); }).empty());
}

TEST_CASE("a copy to any strides leaves what lies between alone") {
  for_each_layout(3, 9, 17, [](const ConstView& in) {
    const Shape spread{in.shape[0], in.shape[1] + 2, in.shape[2] + 3};
    std::vector<Real> expected(spread.numel(), kSentinel), numbers = elements(in);
    const Strides strides = contiguous_strides(spread);
    for (std::int64_t n = 0, i = 0; i < in.shape[0]; ++i)
      for (std::int64_t j = 0; j < in.shape[1]; ++j)
        for (std::int64_t k = 0; k < in.shape[2]; ++k) expected[i * strides[0] + j * strides[1] + k] = numbers[n++];
    const auto copied = written(spread, [&](const View& out) {
      std::fill_n(out.data, spread.numel(), kSentinel);
      kernel::copy(in, {out.data, in.shape, strides});
    });
    CHECK(copied == expected);
  });
}

TEST_CASE("an elementwise loop reads inputs of different layouts side by side") {
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    for (const auto& [a, b, c] : kExtents)
      for_each_layout(a, b, c, [](const ConstView& x) {
        std::vector<Real> numbers(x.shape.numel());
        std::iota(numbers.begin(), numbers.end(), Real(0));
        const ConstView plain{numbers.data(), x.shape, contiguous_strides(x.shape)};
        const ConstView rows{numbers.data(), x.shape, {0, 0, 1}}, columns{numbers.data(), x.shape, {0, 1, 0}};
        for (const ConstView& y : {plain, rows, columns}) {
          CAPTURE(x.shape);
          const std::vector<Real> first = elements(x), second = elements(y);
          std::vector<Real> expected(first.size());
          for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = first[i] - second[i];
          const auto less = [](Batch p, Batch q) { return p - q; };
          CHECK(written(x.shape, [&](const View& out) { kernel::map(less, out, {x, y}); }) == expected);
        }
      });
  }
  set_threads(1);
}

TEST_CASE("an elementwise loop may write over its input") {
  for (const std::int64_t columns : {3, 31, 32, 33, 100}) {
    std::vector<Real> factors(columns);
    std::iota(factors.begin(), factors.end(), Real(2));
    const Shape shape{41, columns};
    const auto result = written(shape, [&](const View& out) {
      std::fill_n(out.data, shape.numel(), Real(3));
      kernel::map([](Batch x, Batch f) { return x * f; }, out, {out, {factors.data(), shape, {0, 1}}});
    });
    for (std::int64_t i = 0; i < shape.numel(); ++i) CHECK(result[i] == 3 * factors[i % columns]);
  }
}

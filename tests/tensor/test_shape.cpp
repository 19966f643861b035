// Shapes, strides, broadcasting, axes, and the sentences that refuse wrong ones.
#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "tensor/shape.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {
constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
}

TEST_CASE("shape: an extent is counted from either end, and out of range is an error") {
  const Shape shape{2, 3, 5};
  for (int axis = 0; axis < 3; ++axis) CHECK(shape[axis - 3] == shape[axis]);
  CHECK(shape[-1] == 5);
  CHECK(error_of([&] { (void)shape[3]; }) == "[shape] axis 3 is out of range for shape (2, 3, 5)");
  CHECK(error_of([&] { (void)shape[-4]; }) == "[shape] axis -4 is out of range for shape (2, 3, 5)");
  CHECK(error_of([&] { (void)Shape{}[-1]; }) == "[shape] axis -1 is out of range for shape ()");
}

TEST_CASE("a shape counts its elements") {
  CHECK(Shape{}.rank() == 0);
  CHECK(Shape{}.numel() == 1);
  CHECK(Shape{3, 4}.numel() == 12);
  CHECK(Shape{2, 0, 5}.numel() == 0);
  CHECK(Shape{1, 2, 3, 4, 5, 6}.rank() == 6);
  CHECK(Shape{1, 2, 3, 4, 5, 6}.numel() == 720);
  CHECK(Shape{3, 4}[1] == 4);
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(!(Shape{2, 3} == Shape{3, 2}));
  CHECK(!(Shape{2, 3} == Shape{2, 3, 1}));
  CHECK(!(Shape{} == Shape{1}));
  std::int64_t product = 1;
  for (const std::int64_t extent : Shape{3, 5, 7}) product *= extent;
  CHECK(product == 105);
}

TEST_CASE("extents are replaced, inserted and taken out") {
  const Shape shape{2, 3, 4};
  CHECK(shape.with(1, 7) == Shape{2, 7, 4});
  CHECK(shape.inserted(0, 9) == Shape{9, 2, 3, 4});
  CHECK(shape.inserted(3, 9) == Shape{2, 3, 4, 9});
  CHECK(shape.without(0) == Shape{3, 4});
  CHECK(shape.without(2) == Shape{2, 3});
  CHECK(shape.with(0, 0).numel() == 0);
  CHECK(shape.with(0, 0).with(0, 5).numel() == 60);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1}.inserted(0, 2)), Error);
}

TEST_CASE("impossible shapes are refused in a sentence") {
  CHECK_THROWS_WITH((Shape{1, 2, 3, 4, 5, 6, 7}), "[shape] a tensor has at most 6 axes, not 7");
  CHECK_THROWS_WITH((Shape{3, -1}), "[shape] an extent cannot be negative: -1");
  CHECK_THROWS_WITH((Shape{std::int64_t{1} << 32, std::int64_t{1} << 31}),
                    "[size] 4294967296 x 2147483648 does not fit in 64 bits");
  CHECK_THROWS_AS((Shape{kHuge, kHuge}), Error);
  CHECK_THROWS_AS((Shape{kHuge, 0, kHuge}), Error);  // the strides would not fit
  CHECK(Shape{kHuge}.numel() == kHuge);
  CHECK(Shape{kHuge, 0}.numel() == 0);
}

TEST_CASE("sizes never wrap") {
  CHECK(checked_mul(3, -4) == -12);
  CHECK(checked_mul(kHuge, 1) == kHuge);
  CHECK(checked_add(kHuge, -1) == kHuge - 1);
  CHECK_THROWS_AS(checked_mul(kHuge, 2), Error);
  CHECK_THROWS_AS(checked_mul(std::numeric_limits<std::int64_t>::min(), -1), Error);
  CHECK_THROWS_AS(checked_add(kHuge, 1), Error);
  CHECK_THROWS_WITH(checked_add(kHuge, 1), "[size] 9223372036854775807 + 1 does not fit in 64 bits");
}

TEST_CASE("strides are row-major, and contiguity looks only at axes that have neighbours") {
  const Strides strides = contiguous_strides({2, 3, 4});
  CHECK(strides[0] == 12);
  CHECK(strides[1] == 4);
  CHECK(strides[2] == 1);
  CHECK(is_contiguous({2, 3, 4}, strides));
  CHECK(is_contiguous({}, {}));
  CHECK(is_contiguous({5}, {1}));
  CHECK(!is_contiguous({5}, {2}));
  CHECK(!is_contiguous({5}, {0}));
  CHECK(is_contiguous({1, 5}, {99, 1}));
  CHECK(is_contiguous({5, 1}, {1, 99}));
  CHECK(!is_contiguous({2, 3}, {1, 2}));
  CHECK(!is_contiguous({2, 3}, {4, 1}));
  CHECK(is_contiguous({2, 0}, {7, 7}));  // no elements, nothing out of order
}

TEST_CASE("shapes broadcast by the numpy rule, in both orders") {
  const struct {
    Shape a, b, expected;
  } cases[] = {{{}, {}, {}},
               {{}, {3}, {3}},
               {{1}, {}, {1}},
               {{3}, {3}, {3}},
               {{2, 3}, {3}, {2, 3}},
               {{2, 1}, {3}, {2, 3}},
               {{2, 1}, {1, 3}, {2, 3}},
               {{8, 1, 6, 1}, {7, 1, 5}, {8, 7, 6, 5}},
               {{1, 2, 3, 4, 5, 6}, {6}, {1, 2, 3, 4, 5, 6}},
               {{0}, {1}, {0}},
               {{4, 1}, {0}, {4, 0}},
               {{0, 3}, {1, 3}, {0, 3}}};
  for (const auto& c : cases) {
    CAPTURE(to_string(c.a));
    CAPTURE(to_string(c.b));
    CHECK(broadcast("add", c.a, c.b) == c.expected);
    CHECK(broadcast("add", c.b, c.a) == c.expected);
  }
  CHECK_THROWS_WITH(broadcast("add", {2, 3}, {2, 4}), "[add] shapes do not broadcast: (2, 3) and (2, 4)\n"
                                                      "help: aligned at the right, extents must agree or be 1");
  CHECK_THROWS_AS(broadcast("add", {2, 3}, {2}), Error);
  CHECK_THROWS_AS(broadcast("add", {0}, {2}), Error);
  CHECK_THROWS_AS(broadcast("add", {kHuge, 1}, {1, kHuge}), Error);  // each fits, the result does not
}

TEST_CASE("axes count from either end and are checked") {
  CHECK(axis_of("sum", 0, {2, 3}) == 0);
  CHECK(axis_of("sum", -1, {2, 3}) == 1);
  CHECK(axis_of("sum", -2, {2, 3}) == 0);
  CHECK_THROWS_WITH(axis_of("sum", 2, {2, 3}), "[sum] axis 2 is out of range for shape (2, 3)");
  CHECK_THROWS_WITH(axis_of("sum", -3, {2, 3}), "[sum] axis -3 is out of range for shape (2, 3)");
  CHECK_THROWS_AS(axis_of("sum", 0, {}), Error);

  const auto flags = Axes{0, -1}.in("sum", {2, 3, 4});
  CHECK(flags[0]);
  CHECK(!flags[1]);
  CHECK(flags[2]);
  CHECK(!flags[3]);
  CHECK_THROWS_WITH((Axes{0, -2}.in("sum", {2, 3})), "[sum] axis -2 is named twice");
  CHECK_THROWS_AS((Axes{0, 5}.in("sum", {2, 3})), Error);
  const Axes all = all_axes({2, 3, 4});
  CHECK(all.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(all[i] == i);
  CHECK(all_axes({}).size() == 0);
}

TEST_CASE("shapes print as they are written") {
  CHECK(to_string(Shape{}) == "()");
  CHECK(to_string(Shape{5}) == "(5)");
  CHECK(to_string(Shape{128, 784}) == "(128, 784)");
  CHECK(fmt::format("{} and {}", Shape{1}, Shape{0, 2}) == "(1) and (0, 2)");
}

TEST_CASE("check formats only what fails") {
  CHECK_NOTHROW(check(true, "[x] {}", 1));
  CHECK_THROWS_WITH(check(false, "[x] {} and {}", 1, Shape{2}), "[x] 1 and (2)");
}

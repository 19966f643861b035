// A tensor and a number: the same as with a tensor of that one number, and told apart from axes.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

using Numbers = std::vector<Real>;
static constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();

TEST_CASE("numbers: where, min and max, on either side, of any type") {
  const Tensor x = tensor({4}, {-2, 0, 3, 5}), mask = tensor({2, 1}, {1, 0});
  CHECK(where(mask, x, -1e9).values() == Numbers{-2, 0, 3, 5, Real(-1e9), Real(-1e9), Real(-1e9), Real(-1e9)});
  CHECK(where(mask, 0, x).values() == Numbers{0, 0, 0, 0, -2, 0, 3, 5});
  CHECK(where(mask, 1, 0.5f).values() == Numbers{1, Real(0.5)});
  CHECK(where(mask, 0, x).shape() == Shape{2, 4});
  CHECK(max(x, 1e-8).values() == Numbers{Real(1e-8), Real(1e-8), 3, 5});
  CHECK(max(3, x).values() == Numbers{3, 3, 3, 5});
  CHECK(min(x, std::int64_t{3}).values() == Numbers{-2, 0, 3, 3});
  CHECK(min(0u, x).values() == Numbers{-2, 0, 0, 0});
  CHECK(std::isnan(max(scalar(kNaN), 1).item()));
  CHECK(std::isnan(min(1, scalar(kNaN)).item()));
}

TEST_CASE("numbers: comparisons, on either side") {
  const Tensor x = tensor({3}, {-1, 0, 1});
  const auto is = [](const Tensor& y, const Numbers& expected) { CHECK(y.values() == expected); };
  is(x < 0, {1, 0, 0});
  is(x <= 0, {1, 1, 0});
  is(x > 0, {0, 0, 1});
  is(x >= 0.0, {0, 1, 1});
  is(0 < x, {0, 0, 1});
  is(0 <= x, {0, 1, 1});
  is(0 > x, {1, 0, 0});
  is(0 >= x, {1, 1, 0});
  is(equal(x, 1), {0, 0, 1});
  is(equal(-1.0, x), {1, 0, 0});
  is(x >= x, {1, 1, 1});
  is(scalar(kNaN) <= 0, {0});
  is(equal(scalar(kNaN), kNaN), {0});
}

TEST_CASE("numbers: a number is no axis, and a list in braces no number") {
  const Tensor x = tensor({2, 3}, {-1, 4, 2, 5, -3, 6});
  CHECK(max(x, 0).values() == Numbers{0, 4, 2, 5, 0, 6});
  CHECK(max(x, -1).values() == Numbers{-1, 4, 2, 5, -1, 6});
  CHECK(max(x, {0}).values() == Numbers{5, 4, 6});
  CHECK(max(x, {-1}).values() == Numbers{4, 6});
  CHECK(max(x, {0, 1}).shape() == Shape{});
  CHECK(max(x, {0, 1}).item() == 6);
  CHECK(max(x, 0, keepdim).values() == Numbers{5, 4, 6});  // with `keep` only axes are meant
  CHECK(max(x, Axes(0)).values() == Numbers{5, 4, 6});
  CHECK(sum(x, 0).values() == Numbers{4, 1, 8});  // there is nothing else that it could be
}

TEST_CASE("numbers: derivatives, at ties that of the first") {
  const Tensor x = tensor({3}, {-1, 0, 2}), mask = tensor({3}, {1, 0, 1});
  const auto slopes = [&](const auto& f) {
    Tape tape(x);
    return tape.gradient(sum(f(x)), x).values();
  };
  CHECK(slopes([](const Tensor& x) { return max(x, 0); }) == Numbers{0, 1, 1});
  CHECK(slopes([](const Tensor& x) { return max(0, x); }) == Numbers{0, 0, 1});
  CHECK(slopes([](const Tensor& x) { return min(x, 0); }) == Numbers{1, 1, 0});
  CHECK(slopes([](const Tensor& x) { return min(0, x); }) == Numbers{1, 0, 0});
  CHECK(slopes([&](const Tensor& x) { return where(mask, x, 7); }) == Numbers{1, 0, 1});
  CHECK(slopes([&](const Tensor& x) { return where(mask, 7, x); }) == Numbers{0, 1, 0});
  CHECK(slopes([](const Tensor& x) { return x * (x > 0); }) == Numbers{0, 0, 1});
}

TEST_CASE("numbers: no tensor is made of them") {
  const Tensor x = tensor({3}, {-1, 0, 2});
  Tape tape(x);
  max(x, 1e-8);
  where(x > 0, x, 0);
  CHECK(tape.listing() == "v0 = watched  (3)\nv1 = max(v0)  (3)\nv2 = where((3), v0)  (3)\n");
}

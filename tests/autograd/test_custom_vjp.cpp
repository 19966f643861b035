// Ops with a VJP of the user's own.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/custom_vjp.h"
#include "autograd/functional.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
using Numbers = std::vector<Real>;

// Rounds to the nearest integer; backward as if it did nothing.
Tensor round_through(const Tensor& x) {
  const auto rounded = [](const Tensor& x) {
    Numbers values = x.values();
    for (Real& value : values) value = std::round(value);
    return tensor(x.shape(), values);
  };
  return custom_vjp("round", rounded, [](const Tensor& g, const Tensor&, const Tensor&) { return g; }, x);
}

// a·b + b³ with its true derivatives.
Tensor product_and_cube(const Tensor& a, const Tensor& b) {
  return custom_vjp(
      "product_and_cube", [](const Tensor& a, const Tensor& b) { return a * b + b * b * b; },
      [](const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&) {
        return std::array{g * b, g * (a + 3 * (b * b))};
      },
      a, b);
}

}  // namespace

TEST_CASE("custom_vjp: a straight-through estimator") {
  const Tensor x = tensor({3}, {Real(0.4), Real(1.6), -Real(2.7)});
  const auto [value, gradient] = value_and_gradient(
      [](const Tensor& x) {
        const Tensor y = round_through(x);
        return sum(y * y);
      },
      x);
  CHECK(value.item() == 0 + 4 + 9);
  CHECK(gradient.values() == Numbers{0, 4, -6});
}

TEST_CASE("custom_vjp: one input, by the output, and with true derivatives it passes gradcheck at order 2") {
  const auto f = [](In in) {
    return custom_vjp(
        "exp", [](const Tensor& x) { return exp(x); },
        [](const Tensor& g, const Tensor&, const Tensor& y) { return g * y; }, in[0] * in[0]);
  };
  const GradcheckResult result = gradcheck(f, {tensor({2, 2}, {Real(0.5), 1, Real(-0.7), 0})}, {.order = 2});
  CHECK_MESSAGE(result.passed, result.message);
}

TEST_CASE("custom_vjp: several inputs, each differentiated or not, at order 2") {
  const Tensor a = tensor({2}, {Real(0.5), 1}), b = tensor({2}, {Real(-0.7), Real(0.3)});
  const auto of = [](auto f, std::vector<Tensor> at) {
    const GradcheckResult result = gradcheck(f, std::move(at), {.order = 2});
    CHECK_MESSAGE(result.passed, result.message);
  };
  of([](In in) { return product_and_cube(in[0], in[1]); }, {a, b});
  of([](In in) { return product_and_cube(tanh(in[0]), in[0]); }, {a});
  of([](In in) { return product_and_cube(in[0], in[0]); }, {a});
  of([b](In in) { return product_and_cube(in[0], b); }, {a});
  of([a](In in) { return product_and_cube(a, in[0]); }, {b});
  of([](In in) { return product_and_cube(in[0], in[1]); }, {zeros({0}), zeros({0})});
}

TEST_CASE("custom_vjp: nested tapes, each of which watches another input") {
  const Tensor a = scalar(2), b = scalar(3);
  Tape outer(a);
  Tape inner(b);
  const Tensor by_b = inner.gradient(product_and_cube(a, b), b);  // a + 3b²
  CHECK(by_b.item() == 29);
  CHECK(outer.gradient(by_b, a).item() == 1);
}

TEST_CASE("custom_vjp: vectors of gradients, numbers captured, and an output that is an input") {
  const Tensor x = scalar(2), y = scalar(5);
  Real scale = 3;
  const auto f = [scale](In in) {
    return custom_vjp(
        "first", [](const Tensor& x, const Tensor&) { return x; },
        [scale](const Tensor& g, const Tensor& x, const Tensor&, const Tensor&) {
          return std::vector<Tensor>{g * scale, g * x};
        },
        in[0], in[1]);
  };
  const auto [value, gradients] = value_and_gradient(f, {x, y});
  CHECK(value.item() == 2);
  CHECK(gradients[0].item() == 3);
  CHECK(gradients[1].item() == 2);
}

TEST_CASE("custom_vjp: without a tape only forward runs") { CHECK(round_through(scalar(Real(1.6))).item() == 2); }

TEST_CASE("custom_vjp: the listing shows it by its name") {
  const Tensor a = scalar(2), b = scalar(3);
  const Tensor watched[] = {a, b};
  Tape tape(watched);
  product_and_cube(a, b);
  round_through(a);
  CHECK(tape.listing() == "v0 = watched  ()\n"
                          "v1 = watched  ()\n"
                          "v2 = bundle(v0, v1)  (2)\n"
                          "v3 = product_and_cube(v2)  ()\n"
                          "v4 = round(v0)  ()\n");
}

TEST_CASE("custom_vjp: a VJP that is not made of ops, marked `once`, has no derivative instead of a wrong one") {
  // eˣ whose VJP is a loop over numbers.
  const auto f = [](const Tensor& x, auto mark) {
    return custom_vjp(
        "table", [](const Tensor& x) { return exp(x); }, mark([](const Tensor& g, const Tensor&, const Tensor& y) {
          Numbers by_hand = g.values();
          for (std::size_t i = 0; i < by_hand.size(); ++i) by_hand[i] *= y.values()[i];
          return tensor(g.shape(), by_hand);
        }),
        x);
  };
  const Tensor x = tensor({2}, {Real(0.5), 1});
  const auto unmarked = [&](In in) { return f(in[0], [](auto vjp) { return vjp; }); };
  const auto marked = [&](In in) { return f(in[0], [](auto vjp) { return once(vjp); }); };
  const std::string sentence =
      "[table] its VJP is marked `once`: it cannot be differentiated again\nhelp: write the VJP in public ops, of its "
      "arguments, and leave the mark out";
  CHECK(gradcheck(marked, {x}).passed);
  CHECK(error_of([&] { gradcheck(marked, {x}, {.order = 2}); }) == sentence);
  CHECK(contains(gradcheck(unmarked, {x}, {.order = 2}).message, "custom_vjp takes such a one as once(vjp)"));
  {
    Tape outer(x), inner(x);
    const Tensor dx = inner.gradient(sum(marked({&x, 1})), x);
    CHECK(dx.values() == exp(x).values());
    CHECK(error_of([&] { outer.gradient(sum(dx)); }) == sentence);
  }
  const auto two = [](const Tensor& a, const Tensor& b) {
    return custom_vjp(
        "times", [](const Tensor& a, const Tensor& b) { return a * b; },
        once([](const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&) { return std::array{g * b, g * a}; }),
        a, b);
  };
  CHECK(gradcheck([&](In in) { return two(in[0], in[1]); }, {x, x + 1}).passed);
  CHECK(contains(error_of([&] { gradcheck([&](In in) { return two(in[0], in[1]); }, {x, x + 1}, {.order = 2}); }),
                 "[times] its VJP is marked `once`"));
}

TEST_CASE("custom_vjp: what a user may get wrong") {
  const Tensor a = tensor({2}, {1, 2}), b = tensor({2}, {3, 4});
  const Tensor watched[] = {a, b};
  const auto times = [](const Tensor& a, const Tensor& b) { return a * b; };
  {
    Tape tape(watched);
    CHECK(error_of([&] {
            custom_vjp(
                "scaled", [&](const Tensor& x) { return x * b; },
                [b](const Tensor& g, const Tensor&, const Tensor&) { return g * b; }, a);
          }) ==
          "[scaled] the function depends on a tensor that a tape watches and that is not among its inputs\nhelp: pass "
          "it as an input, or stop_gradient(it) to make it a constant");
  }
  {
    Tape tape(watched);
    const Tensor y = custom_vjp(
        "times", times,
        [](const Tensor& g, const Tensor&, const Tensor& b, const Tensor&) { return std::vector{g * b}; }, a, b);
    CHECK(error_of([&] { tape.gradient(sum(y)); }) == "[times] the VJP gave 1 gradients for 2 inputs");
  }
  {
    Tape tape(watched);
    const Tensor y = custom_vjp(
        "times", times,
        [](const Tensor& g, const Tensor& a, const Tensor& b, const Tensor&) { return std::array{g * b, sum(g * a)}; },
        a, b);
    CHECK(error_of([&] { tape.gradient(sum(y)); }) ==
          "[times] the VJP of argument 1 gave shape () for an argument of shape (2)");
  }
  {
    Tape tape(watched);
    const Tensor y = custom_vjp(
        "total", [](const Tensor& a) { return sum(a); },
        [](const Tensor& g, const Tensor&, const Tensor&) { return g; }, a);
    CHECK(error_of([&] { tape.gradient(y); }) ==
          "[total] the VJP of argument 0 gave shape () for an argument of shape (2)");
  }
}

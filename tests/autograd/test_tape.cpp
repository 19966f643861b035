// The tape: what it gives, what it refuses, what it shows, and how derivatives of derivatives come about. What it
// keeps in memory is in test_tape_memory.cpp.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "autograd/elementwise.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr Real kEpsilon = std::numeric_limits<Real>::epsilon();

bool near(Real a, double b, double ulps = 8) { return std::abs(a - b) <= ulps * kEpsilon * std::abs(b); }

std::vector<Real> numbers(const Tensor& x) { return x.values(); }

/// y = x under a new id, with whatever VJP.
template <class Vjp>
Tensor with_vjp(const char* name, const Tensor& x, const Vjp& vjp) {
  return record(name, detach(x), arg(x, vjp));
}

template <class T>
concept OnTheHeap = requires(std::span<const Tensor> watched) { new T(watched); };
template <class T>
concept DefaultOnTheHeap = requires { new T; };
static_assert(!std::is_copy_constructible_v<Tape> && !std::is_copy_assignable_v<Tape>);
static_assert(!std::is_move_constructible_v<Tape> && !OnTheHeap<Tape> && OnTheHeap<std::vector<Tensor>> == false);
static_assert(!std::is_copy_constructible_v<Pause> && !DefaultOnTheHeap<Pause> && DefaultOnTheHeap<Tensor>);

}  // namespace

// ---- first derivatives ----

TEST_CASE("tape: a tensor times itself") {
  const Tensor x = tensor({3}, {1, -2, 3});
  Tape tape(x);
  CHECK(numbers(tape.gradient(sum(x * x), x)) == std::vector<Real>{2, -4, 6});
}

TEST_CASE("tape: paths that part and meet add up") {
  const Tensor x = scalar(3);
  Tape tape(x);
  const Tensor a = x * x, b = a * x, c = a + b, d = c * a;  // d = x⁴ + x⁵
  CHECK(tape.gradient(d, x).item() == 4 * 27 + 5 * 81);
}

TEST_CASE("tape: gradients come in the order of the constructor, in their shapes, zeros for what was not used") {
  const Tensor a = tensor({2}, {1, 2}), unused = zeros({2, 3}), b = tensor({2, 1}, {3, 4});
  const Tensor watched[] = {b, unused, a, b};
  Tape tape(watched);
  const std::vector<Tensor> gradients = tape.gradient(sum(a * b));
  REQUIRE(gradients.size() == 4);
  CHECK(gradients[0].shape() == Shape{2, 1});
  CHECK(numbers(gradients[0]) == std::vector<Real>{3, 3});
  CHECK(gradients[1].shape() == Shape{2, 3});
  CHECK(numbers(gradients[1]) == std::vector<Real>(6, 0));
  CHECK(gradients[2].shape() == Shape{2});
  CHECK(numbers(gradients[2]) == std::vector<Real>{7, 7});
  CHECK(numbers(gradients[3]) == std::vector<Real>{3, 3});  // watched twice, told twice
}

TEST_CASE("tape: the gradient by something on the way, and by the loss itself") {
  const Tensor x = scalar(3);
  {
    Tape tape(x);
    const Tensor y = x * x, z = y * y + x;
    CHECK(tape.gradient(z, y).item() == 18);
  }
  {
    Tape tape(x);
    const Tensor y = x * x;
    CHECK(tape.gradient(y, y).item() == 1);
  }
  {
    Tape tape(x);
    const Tensor y = x * x, later = y * y;
    CHECK(tape.gradient(y, later).item() == 0);  // the loss does not depend on it
  }
  {
    Tape tape(x);
    CHECK(tape.gradient(x, x).item() == 1);
    CHECK(x.item() == 3);
  }
}

TEST_CASE("tape: a loss of any rank with one element will do") {
  const Tensor x = tensor({1, 1}, {3});
  Tape tape(x);
  const Tensor gradient = tape.gradient(x * x, x);
  CHECK(gradient.shape() == Shape{1, 1});
  CHECK(gradient.at({0, 0}) == 6);
}

TEST_CASE("tape: writing to a tensor later changes no gradient") {
  Tensor x = tensor({2}, {1, 2}), w = tensor({2}, {10, 20});
  const Tensor watched = x;
  Tape tape(watched);
  const Tensor loss = sum(x * w);
  w.write().data[0] = 99;
  x.write().data[0] = 99;
  CHECK(numbers(tape.gradient(loss, watched)) == std::vector<Real>{10, 20});
}

TEST_CASE("tape: what was computed before, or from a copy under a new id, is a constant") {
  const Tensor x = scalar(3), before = x * x;
  Tape tape(x);
  CHECK(tracked(x));
  CHECK_FALSE(tracked(before));
  CHECK_FALSE(tracked(detach(x)));
  const Tensor copy = x;
  CHECK(tracked(copy));
  CHECK(tape.gradient(x * before + detach(x) * copy, x).item() == 12);
}

TEST_CASE("tape: comparisons are never tracked, and where gives nothing to its condition") {
  const Tensor a = tensor({2}, {1, 2}), b = tensor({2}, {2, 1});
  const Tensor watched[] = {a, b};
  Tape tape(watched);
  for (const Tensor& x : {a<b, a <= b, a> b, a >= b, equal(a, b)}) CHECK_FALSE(tracked(x));
  CHECK_FALSE(tracked(where(a, ones({2}), zeros({2}))));
  const auto gradients = tape.gradient(sum(where(a, b * 2, b)));
  CHECK(numbers(gradients[0]) == std::vector<Real>{0, 0});
  CHECK(numbers(gradients[1]) == std::vector<Real>{2, 2});
}

TEST_CASE("tape: a hundred thousand ops in a chain") {
  const Tensor x = scalar(1);
  Tape tape(x);
  Tensor y = x;
  for (int i = 0; i < 50'000; ++i) y = -(y + 1);
  CHECK(tape.gradient(y, x).item() == 1);
}

// ---- pauses and threads ----

TEST_CASE("tape: nothing is recorded during a pause, and everything after it") {
  const Tensor x = scalar(3);
  Tape tape(x);
  Tensor hidden;
  {
    const Pause pause;
    CHECK_FALSE(tracked(x));
    hidden = x * x;
    {
      Tape inner(x);  // a tape inside the pause is not hidden by it
      CHECK(inner.gradient(x * x, x).item() == 6);
    }
    CHECK_FALSE(tracked(x));
  }
  CHECK(tracked(x));
  CHECK_FALSE(tracked(hidden));
  CHECK(tape.gradient(hidden * x, x).item() == 9);
}

TEST_CASE("tape: each thread has its own") {
  const auto work = [](Real seed, bool* right) {
    *right = true;
    for (int round = 0; round < 200; ++round) {
      const Tensor x = scalar(seed + static_cast<Real>(round));
      Tape tape(x);
      const Tensor y = x * x * x;
      *right = *right && near(tape.gradient(y, x).item(), 3 * x.item() * static_cast<double>(x.item()));
    }
  };
  const Tensor mine = scalar(2);
  Tape tape(mine);
  bool right[2] = {};
  bool tracked_there = true;
  std::thread first(work, Real(1), &right[0]), second(work, Real(1000), &right[1]);
  std::thread([&] {
    const Pause pause;  // to ask without one is an error: test_tape_threads.cpp
    tracked_there = tracked(mine);
  }).join();
  first.join();
  second.join();
  CHECK(right[0]);
  CHECK(right[1]);
  CHECK_FALSE(tracked_there);
  CHECK(tape.gradient(mine * mine, mine).item() == 4);
}

// ---- derivatives of derivatives ----

TEST_CASE("tape: second derivatives by nested tapes") {
  const Tensor x = scalar(Real(0.7));
  Tape outer(x);
  Tape inner(x);
  const Tensor first = inner.gradient(exp(x * x), x);
  CHECK(near(first.item(), 2 * 0.7 * std::exp(0.49)));
  CHECK(near(outer.gradient(first, x).item(), (2 + 4 * 0.49) * std::exp(0.49), 32));
}

TEST_CASE("tape: a mixed second derivative, and a Hessian times a vector") {
  const Tensor x = tensor({2}, {2, 3}), v = tensor({2}, {1, 10});
  Tape outer(x);
  Tape inner(x);
  const Tensor a = slice(x, 0, 0, 1), b = slice(x, 0, 1, 2);
  const Tensor gradient = inner.gradient(sum(a * a * b + b * b), x);  // (2ab, a² + 2b)
  CHECK(numbers(gradient) == std::vector<Real>{12, 10});
  // Hessian: (2b, 2a; 2a, 2)
  CHECK(numbers(outer.gradient(sum(gradient * v), x)) == std::vector<Real>{6 + 40, 4 + 20});
}

TEST_CASE("tape: products have derivatives of any order") {
  const Tensor x = scalar(3);
  Tape first(x), second(x), third(x), fourth(x);
  const Tensor y = x * x * x * x;
  const Tensor d1 = fourth.gradient(y, x), d2 = third.gradient(d1, x), d3 = second.gradient(d2, x);
  CHECK(d1.item() == 4 * 27);
  CHECK(d2.item() == 12 * 9);
  CHECK(d3.item() == 24 * 3);
  CHECK(first.gradient(d3, x).item() == 24);
}

TEST_CASE("tape: an outer tape may be used up before the inner") {
  const Tensor x = scalar(3);
  Tape outer(x);
  Tape inner(x);
  const Tensor y = x * x;
  CHECK(outer.gradient(y, x).item() == 6);
  const Tensor later = y * x;
  CHECK(inner.gradient(later, x).item() == 27);
}

TEST_CASE("tape: an inner tape that watches something else leaves the outer one alone") {
  const Tensor x = scalar(3), t = scalar(2);
  Tape outer(x);
  const Tensor y = x * x;
  {
    Tape inner(t);
    CHECK(inner.gradient(y * t, t).item() == 9);  // d(x² t)/dt = x², which outer differentiates below
  }
  Tape inner(t);
  const Tensor by_t = inner.gradient(y * t, t);
  CHECK(outer.gradient(by_t, x).item() == 6);
}

// ---- what goes wrong ----

TEST_CASE("tape: a loss that is not one number") {
  const Tensor x = tensor({2}, {1, 2});
  Tape tape(x);
  CHECK(error_of([&] { tape.gradient(x * x); }) ==
        "[gradient] the loss has shape (2), but must be one number\nhelp: did you forget mean() or sum()?");
  CHECK(numbers(tape.gradient(sum(x * x), x)) == std::vector<Real>{2, 4});  // nothing was lost
}

TEST_CASE("tape: a loss that depends on nothing watched, as after an optimiser's step") {
  Tensor x = scalar(2);
  Tape tape(x);
  CHECK(contains(error_of([&] { tape.gradient(scalar(1)); }),
                 "[gradient] the loss depends on nothing that this tape watches"));
  x.write().data[0] = 3;
  const std::string stale = error_of([&] { tape.gradient(x * x); });
  CHECK(contains(stale, "[gradient] the loss depends on nothing that this tape watches\nhelp: "));
  CHECK(contains(stale, "take parameters(module) afresh for each tape"));
}

TEST_CASE("tape: a gradient by something the tape does not know") {
  const Tensor x = scalar(2), other = zeros({2, 3});
  Tape tape(x);
  const Tensor loss = x * x;
  const std::string unknown = error_of([&] { tape.gradient(loss, other); });
  CHECK(contains(unknown, "[gradient] this tape does not know the tensor of shape (2, 3)"));
  CHECK(contains(unknown, "\nhelp: "));
  CHECK(tape.gradient(loss, x).item() == 4);
}

TEST_CASE("tape: a spent tape says so, whatever is asked of it") {
  const Tensor x = scalar(2);
  Tape tape(x);
  const Tensor loss = x * x;
  tape.gradient(loss);
  const std::string spent =
      "[tape] this tape is spent\nhelp: gradient() consumes its tape; make a new one for each gradient, and take what "
      "else you ask of it, such as listing(), in a statement before: arguments of one call are computed in any order";
  CHECK(error_of([&] { tape.gradient(loss); }) == spent);
  CHECK(error_of([&] { tape.gradient(loss, x); }) == spent);
  CHECK(error_of([&] { tape.listing(); }) == spent);
  CHECK_FALSE(tracked(x * x));
}

TEST_CASE("tape: an exception in a VJP spends the tape and hurts nothing else") {
  const Tensor x = scalar(3);
  Tape outer(x);
  Tape tape(x);
  const Tensor y = x * x;
  const Tensor loss = with_vjp("faulty", y, [](const Tensor&) -> Tensor { throw Error("[faulty] no"); });
  CHECK(error_of([&] { tape.gradient(loss * loss); }) == "[faulty] no");
  CHECK(contains(error_of([&] { tape.gradient(loss); }), "[tape] this tape is spent"));
  CHECK(tracked(x));
  CHECK(outer.gradient(y * x, x).item() == 27);
}

TEST_CASE("tape: record refuses an output that is not new") {
  const Tensor x = scalar(3);
  Tape tape(x);
  const auto pass = [](const Tensor& g) { return g; };
  const std::string refusal =
      "[identity] the output is a tensor that the tape knows already\nhelp: an op returns a new tensor; use detach(x) "
      "for "
      "the same numbers under a new id";
  CHECK(error_of([&] { record("identity", x, arg(x, pass)); }) == refusal);
  const Tensor y = record("identity", detach(x), arg(x, pass));
  CHECK(error_of([&] { record("identity", y, arg(x, pass)); }) == refusal);
  CHECK(tape.gradient(y * y, x).item() == 6);
}

TEST_CASE("tape: an op without a VJP is no node, and a VJP may be as large as it likes") {
  const Tensor x = scalar(3);
  Tape tape(x);
  const Tensor constant = record("floor", detach(x), arg(x));
  CHECK_FALSE(tape.knows(constant));
  std::array<Real, 50'000> numbers;  // more than a piece of the tape's arena
  numbers.fill(2);
  const Tensor y = record("large", detach(x), arg(x, [numbers](const Tensor& g) {
                            Real sum = 0;
                            for (const Real number : numbers) sum += number;
                            return g * sum;
                          }));
  CHECK(tape.gradient(y * x, x).item() == 3 + 3 * Real(100'000));
}

TEST_CASE("tape: a VJP of the wrong shape is named, with its argument") {
  const Tensor x = tensor({2}, {1, 2}), w = tensor({2}, {1, 2});
  Tape tape(x);
  const Tensor y = record("odd", detach(x), arg(w), arg(x, [](const Tensor& g) { return sum(g); }));
  CHECK(error_of([&] { tape.gradient(sum(y)); }) ==
        "[odd] the VJP of argument 1 gave shape () for an argument of shape (2)");
}

// ---- what it shows ----

TEST_CASE("tape: the listing shows every op, its arguments and its shape") {
  const Tensor x = zeros({5, 3}), w = zeros({4, 3}), b = zeros({4});
  const Tensor watched[] = {w, b};
  Tape tape(watched);
  const Tensor y = tanh(linear(x, w, b));
  sum(y * y);
  x* x;  // nobody watches
  CHECK(tape.listing() == "v0 = watched  (4, 3)\n"
                          "v1 = watched  (4)\n"
                          "v2 = linear((5, 3), v0, v1)  (5, 4)\n"
                          "v3 = tanh(v2)  (5, 4)\n"
                          "v4 = mul(v3, v3)  (5, 4)\n"
                          "v5 = sum(v4)  ()\n");
}

TEST_CASE("tape: the listing names what is watched, where names are given, in the order of watching") {
  const Tensor w = zeros({4, 3}), b = zeros({4});
  const Tensor watched[] = {w, b, w};  // one of them twice: it goes by the name that comes first
  const std::string names[] = {"weight", "bias", "again"};
  Tape tape(watched);
  sum(w);
  CHECK(tape.listing(names) == "v0 = weight  (4, 3)\nv1 = bias  (4)\nv2 = sum(v0)  ()\n");
  CHECK(tape.listing({names, 1}) == "v0 = weight  (4, 3)\nv1 = watched  (4)\nv2 = sum(v0)  ()\n");
}

TEST_CASE("tape: the derivative of a lambda is listed with a mark for its order") {
  const Tensor x = tensor({2}, {1, 2});
  Tape third(x);
  Tape second(x);
  {
    Tape first(x);
    const Tensor y = sum(elementwise<"f">([](auto x) { return exp(x) * x; }, x));
    const Tensor d = first.gradient(y, x);
    CHECK(contains(second.listing(), "= f′("));
    second.gradient(sum(d), x);
  }
  CHECK(contains(third.listing(), "= f″("));
}

TEST_CASE("elementwise: a user's lambda is an op with its name, and its literals and captures are constants") {
  const Tensor x = tensor({3}, {Real(-0.5), 1, 2});
  const Real scale = 3;
  Tape tape(x);
  const Tensor y = elementwise<"my op">([scale](auto x) { return where(x < 0, 2 * x, scale * x * sigmoid(x)); }, x);
  CHECK(contains(tape.listing(), "v1 = my op(v0)  (3)\n"));
  const std::vector<Real> g = tape.gradient(sum(y), x).values();
  const auto slope = [](double x) {
    const double s = 1 / (1 + std::exp(-x));
    return 3 * (s + x * s * (1 - s));
  };
  CHECK(g[0] == 2);
  CHECK(near(g[1], slope(1), 16));
  CHECK(near(g[2], slope(2), 16));
}

// Every op's gradient, and its gradient's gradient, against central differences; and that gradcheck finds what is
// wrong.
#include <doctest/doctest.h>

#include <cstring>

#include "autograd/elementwise.h"
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "tensor/random.h"
#include "tests/autograd/op_table.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

std::vector<Tensor> gradients(const OpCase& c, const std::vector<Tensor>& watched, const Tensor& w) {
  Tape tape(watched);
  const Tensor loss = sum(c.f(c.at) * w);
  if (tracked(loss)) return tape.gradient(loss);
  std::vector<Tensor> none;
  for (const Tensor& x : watched) none.push_back(zeros(x.shape()));
  return none;
}

Tensor weights_for(const OpCase& c) {
  Rng rng{.seed = 5};
  return normal(c.f(c.at).shape(), rng);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::vector<Real> x = a.values(), y = b.values();
  return a.shape() == b.shape() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(Real)) == 0);
}

// x² with the derivative (2 + error)·x.
Tensor square_off_by(const Tensor& x, Real error) {
  const Tensor y = detach(x * x);
  return record("square", y, arg(x, [x, error](const Tensor& g) { return g * x * (2 + error); }));
}

// x³ whose VJP holds its factor as a constant: right at order 1, wrong at order 2.
Tensor cube_with_hidden_intermediate(const Tensor& x) {
  const Tensor square = detach(x * x);
  const Tensor y = detach(square * x);
  return record("cube", y, arg(x, [square](const Tensor& g) { return g * square * 3; }));
}

TensorFunction of(Tensor (*f)(const Tensor&)) {
  return [f](std::span<const Tensor> in) { return f(in[0]); };
}

}  // namespace

TEST_CASE("gradcheck: every op, first order") {
  for (const OpCase& c : op_table()) {
    const GradcheckResult result = gradcheck(c.f, c.at, {.order = 1});
    CHECK_MESSAGE(result.passed, c.op, ", ", c.inputs, ": ", result.message);
  }
}

TEST_CASE("gradcheck: every op, second order") {
  for (const OpCase& c : op_table()) {
    const GradcheckResult result = gradcheck(c.f, c.at, {.order = 2});
    CHECK_MESSAGE(result.passed, c.op, ", ", c.inputs, ": ", result.message);
  }
}

TEST_CASE("ops: a gradient has the same bits whichever other inputs are watched, and each time") {
  for (const OpCase& c : op_table()) {
    const Tensor w = weights_for(c);
    const std::vector<Tensor> all = gradients(c, c.at, w);
    for (std::size_t i = 0; i < c.at.size(); ++i)
      CHECK_MESSAGE(same_bits(gradients(c, {c.at[i]}, w)[0], all[i]), c.op, ", ", c.inputs, ", input ", i);
  }
}

TEST_CASE("ops: a tape changes no value, and neither does the layout") {
  for (const OpCase& c : op_table()) {
    const Tensor plain = c.f(c.at);
    {
      const Tape tape(c.at);
      CHECK_MESSAGE(same_bits(c.f(c.at), plain), c.op, ", ", c.inputs);
    }
    OpCase packed = c;
    for (Tensor& x : packed.at) x = tensor(x.shape(), x.values());
    const std::vector<Real> a = plain.values(), b = packed.f(packed.at).values();
    for (std::size_t e = 0; e < a.size(); ++e)
      CHECK_MESSAGE(std::abs(a[e] - b[e]) <= 16 * std::numeric_limits<Real>::epsilon() * (1 + std::abs(b[e])), c.op,
                    ", ", c.inputs, ", element ", e);
  }
}

TEST_CASE("gradcheck: finds a wrong derivative, at the order where it is wrong") {
  const std::vector<Tensor> at{tensor({3}, {Real(0.5), Real(-1), Real(1.5)})};
  CHECK(gradcheck([](auto in) { return square_off_by(in[0], 0); }, at, {.order = 2}).passed);

  const Real off = sizeof(Real) == 8 ? Real(1e-6) : Real(0.05);
  const GradcheckResult wrong = gradcheck([off](auto in) { return square_off_by(in[0], off); }, at);
  CHECK_FALSE(wrong.passed);
  CHECK(wrong.worst > 1);
  CHECK(contains(wrong.message, "order 1, input 0 of shape (3), element "));

  CHECK(gradcheck(of(cube_with_hidden_intermediate), at, {.order = 1}).passed);
  const GradcheckResult hidden = gradcheck(of(cube_with_hidden_intermediate), at, {.order = 2});
  CHECK_FALSE(hidden.passed);
  CHECK(contains(hidden.message, "order 2, input 0 of shape (3), element "));
}

TEST_CASE("gradcheck: finds a missing derivative, one that should not be, and NaN") {
  const std::vector<Tensor> at{tensor({2}, {Real(0.5), Real(1.5)})};
  CHECK_FALSE(gradcheck([](auto in) { return detach(in[0]); }, at).passed);
  CHECK_FALSE(gradcheck([](auto in) { return in[0] + detach(in[0]); }, at).passed);
  const GradcheckResult nan = gradcheck(of(log), {tensor({2}, {1, -1})});
  CHECK_FALSE(nan.passed);
  CHECK(contains(nan.message, "nan"));
  // An element beyond the first, of the second input.
  const auto second = [](std::span<const Tensor> in) {
    return in[0] * where(tensor({2}, {0, 1}), detach(in[1]), in[1]);
  };
  CHECK(contains(gradcheck(second, {at[0], at[0] + 1}).message, "input 1 of shape (2), element 1"));
}

TEST_CASE("gradcheck: a small function has no right to a wrong derivative") {
  const std::vector<Tensor> at{tensor({3}, {Real(0.5), Real(-1), Real(0.25)})};
  for (const Real size : {Real(0.03), Real(0.003), Real(1e-3)}) {
    const auto f = [size](std::span<const Tensor> in) { return tanh(in[0]) * size; };
    const auto nothing = [&](std::span<const Tensor> in) {
      return record("nothing", detach(f(in)), arg(in[0], [](const Tensor& g) { return g * 0; }));
    };
    CHECK(gradcheck(f, at, {.order = 2}).passed);
    CHECK_FALSE(gradcheck(nothing, at).passed);
  }
}

TEST_CASE("gradcheck: smaller steps find the derivative beside a kink, and no wrong one passes by them") {
  GradcheckOptions options{.retries = 2};
  const Tensor close = tensor({2}, {options.step * Real(0.7), -options.step * Real(0.1)});
  CHECK_FALSE(gradcheck([](auto in) { return relu(in[0]); }, {close}).passed);
  const GradcheckResult beside = gradcheck([](auto in) { return relu(in[0]); }, {close}, options);
  CHECK_MESSAGE(beside.passed, beside.message);
  CHECK(beside.checked == 2);
  CHECK(beside.unclear == 0);
  const GradcheckResult wrong = gradcheck([](auto in) { return square_off_by(in[0], 1); }, {close + 1}, options);
  CHECK_FALSE(wrong.passed);
  CHECK(wrong.unclear == 0);
  // At the kink itself every step gives ½; at a step of its own, every step another number.
  CHECK_FALSE(gradcheck([](auto in) { return relu(in[0]); }, {zeros({1})}, options).passed);
  const auto jump = [](std::span<const Tensor> in) { return where(in[0] > scalar(0), in[0] + 1, in[0]); };
  const GradcheckResult unclear = gradcheck(jump, {zeros({1})}, options);
  CHECK(unclear.unclear == 1);
  // Where order 1 has no verdict and order 2 has one, both count.
  const auto bent = [](std::span<const Tensor> in) { return in[0] * in[0] + stop_gradient(abs(in[0])); };
  options.retries = 1;
  options.order = 2;
  const GradcheckResult both = gradcheck(bent, {tensor({1}, {options.step})}, options);
  CHECK(both.checked == 3);  // one of order 1; by the input and by the weight of order 2
  CHECK(both.unclear == 1);
}

TEST_CASE("gradcheck: looks at some elements only when it is told to, and calls inputs by their names") {
  int calls = 0;
  const auto f = [&](std::span<const Tensor> in) {
    ++calls;
    return in[0] * in[1];
  };
  const std::vector<Tensor> at{ones({100}), ones({100})};
  const GradcheckResult some = gradcheck(f, at, {.elements = 5});
  CHECK(some.passed);
  CHECK(some.checked == 10);
  CHECK(calls == 2 + 4 * 10);
  const GradcheckResult named = gradcheck([](auto in) { return in[0] + detach(in[1]); }, at, {.names = {"a", "the b"}});
  CHECK(contains(named.message, "order 1, the b of shape (100), element "));
}

TEST_CASE("gradcheck: one tensor given twice is two arguments, whoever else watches it") {
  const Tensor x = tensor({2}, {Real(0.5), Real(-1.5)}), captured = tensor({2}, {1, 2});
  const auto f = [&](std::span<const Tensor> in) { return in[0] * in[0] * in[1]; };
  const Tape outer(std::vector<Tensor>{x, captured});
  CHECK(gradcheck(f, {x, x}, {.order = 2}).passed);
  CHECK(gradcheck([&](std::span<const Tensor>) { return captured * 2; }, {x}).passed);  // zero
}

TEST_CASE("gradcheck: a user's lambda of five tensors, and what it refuses") {
  Rng rng{.seed = 3};
  std::vector<Tensor> five;
  for (const Real from : {1, 1, 1, 1, 3}) five.push_back(uniform({3}, rng) + from);  // a < e: off the kink
  const auto f = [](std::span<const Tensor> in) {
    return elementwise<"mixed">(
        [k = 0.5](auto a, auto b, auto c, auto d, auto e) {
          return a * tanh(b) / (k + c) + sigmoid(d * a) * pow(c, e) + where(a > e, b * c, d);
        },
        in[0], in[1], in[2], in[3], in[4]);
  };
  const GradcheckResult result = gradcheck(f, five, {.order = 2});
  CHECK_MESSAGE(result.passed, result.message);
  CHECK(error_of([&] { gradcheck(f, five, {.order = 3}); }) == "[gradcheck] order 3 is neither 1 nor 2");
}

// The derivative exactly at a kink, or at the edge of a domain, as autograd/ops.h documents it.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "autograd/elementwise.h"
#include "autograd/op.h"
#include "autograd/ops.h"

using namespace gradus;

namespace {

constexpr Real kInf = std::numeric_limits<Real>::infinity();

template <class F>
Real slope(const F& f, Real at) {
  const Tensor x = scalar(at);
  Tape tape(x);
  return tape.gradient(f(x), x).item();
}

template <class F>
Real curvature(const F& f, Real at) {
  const Tensor x = scalar(at);
  Tape outer(x);
  Tape inner(x);
  const Tensor first = inner.gradient(f(x), x);
  return tracked(first) ? outer.gradient(first, x).item() : 0;
}

// The derivatives of f by both arguments, and by x where both are x.
struct Slopes {
  Real a, b;
  friend bool operator==(const Slopes&, const Slopes&) = default;
};
template <class F>
Slopes slopes(const F& f, Real a, Real b) {
  const Tensor x[] = {scalar(a), scalar(b)};
  Tape tape(x);
  const std::vector<Tensor> gradients = tape.gradient(f(x[0], x[1]));
  return {gradients[0].item(), gradients[1].item()};
}

}  // namespace

TEST_CASE("kinks: relu, elu and leaky_relu take the branch below at 0") {
  const auto relu_of = [](const Tensor& x) { return relu(x); };
  CHECK(slope(relu_of, 0) == 0);
  CHECK(slope(relu_of, Real(-0.0)) == 0);
  CHECK(slope(relu_of, std::numeric_limits<Real>::denorm_min()) == 1);
  CHECK(curvature(relu_of, 0) == 0);
  for (const Real alpha : {Real(1), Real(0.3), Real(2)}) {
    const auto elu_of = [alpha](const Tensor& x) { return elu(x, alpha); };
    CHECK(slope(elu_of, 0) == alpha);
    CHECK(slope(elu_of, Real(-0.0)) == alpha);
    CHECK(curvature(elu_of, 0) == alpha);  // of alpha·(eˣ - 1)
  }
  for (const Real below : {Real(0.01), Real(0.3), Real(-1)}) {
    const auto leaky_of = [below](const Tensor& x) { return leaky_relu(x, below); };
    CHECK(slope(leaky_of, 0) == below);
    CHECK(slope(leaky_of, Real(-0.0)) == below);
    CHECK(curvature(leaky_of, 0) == 0);
  }
}

TEST_CASE("kinks: abs is flat at 0") {
  const auto abs_of = [](const Tensor& x) { return abs(x); };
  CHECK(slope(abs_of, 0) == 0);
  CHECK(slope(abs_of, Real(-0.0)) == 0);
  CHECK(slope(abs_of, std::numeric_limits<Real>::denorm_min()) == 1);
  CHECK(slope(abs_of, -std::numeric_limits<Real>::denorm_min()) == -1);
  CHECK(curvature(abs_of, 0) == 0);
}

TEST_CASE("kinks: clamp passes at its bounds and nothing beyond") {
  const auto clamp_of = [](const Tensor& x) { return clamp(x, -1, 2); };
  CHECK(slope(clamp_of, -1) == 1);
  CHECK(slope(clamp_of, 2) == 1);
  CHECK(slope(clamp_of, std::nextafter(Real(-1), -kInf)) == 0);
  CHECK(slope(clamp_of, std::nextafter(Real(2), kInf)) == 0);
  CHECK(slope([](const Tensor& x) { return clamp(x, 2, 2); }, 2) == 1);
}

TEST_CASE("kinks: of equals, min and max differentiate the first") {
  const auto max_of = [](const Tensor& a, const Tensor& b) { return max(a, b); };
  const auto min_of = [](const Tensor& a, const Tensor& b) { return min(a, b); };
  CHECK(slopes(max_of, 3, 3) == Slopes{1, 0});
  CHECK(slopes(min_of, 3, 3) == Slopes{1, 0});
  CHECK(slopes(max_of, 0, Real(-0.0)) == Slopes{1, 0});
  CHECK(slopes(min_of, 0, Real(-0.0)) == Slopes{1, 0});
  CHECK(slopes(max_of, kInf, kInf) == Slopes{1, 0});
  CHECK(slope([](const Tensor& x) { return max(x, x); }, 3) == 1);
}

TEST_CASE("kinks: of equals, the reduction max differentiates the first") {
  const Tensor x = tensor({2, 4}, {1, 7, 7, 2, 5, 5, 5, 5});
  {
    Tape tape(x);
    CHECK(tape.gradient(sum(max(x, {1})), x).values() == std::vector<Real>{0, 1, 0, 0, 1, 0, 0, 0});
  }
  {
    Tape tape(x);
    CHECK(tape.gradient(max(x), x).values() == std::vector<Real>{0, 1, 0, 0, 0, 0, 0, 0});
  }
  {
    const Tensor flat = ones({3, 2});
    Tape tape(flat);
    CHECK(tape.gradient(sum(max(flat, {0})), flat).values() == std::vector<Real>{1, 1, 0, 0, 0, 0});
  }
  CHECK(argmax(x, 1).values == Indices::Values{1, 0});
}

TEST_CASE("kinks: softplus, sigmoid and the smooth activations at 0") {
  CHECK(slope([](const Tensor& x) { return softplus(x); }, 0) == Real(0.5));
  CHECK(curvature([](const Tensor& x) { return softplus(x); }, 0) == Real(0.25));
  CHECK(slope([](const Tensor& x) { return sigmoid(x); }, 0) == Real(0.25));
  CHECK(slope([](const Tensor& x) { return silu(x); }, 0) == Real(0.5));
  CHECK(curvature([](const Tensor& x) { return silu(x); }, 0) == Real(0.5));
  CHECK(slope([](const Tensor& x) { return gelu(x); }, 0) == Real(0.5));
  CHECK(slope([](const Tensor& x) { return tanh(x); }, 0) == 1);
  CHECK(curvature([](const Tensor& x) { return tanh(x); }, 0) == 0);
}

TEST_CASE("kinks: pow at base 0") {
  const auto power = [](Real y) { return [y](const Tensor& x) { return pow(x, y); }; };
  CHECK(slope(power(0), 0) == 0);
  CHECK(slope(power(1), 0) == 1);
  CHECK(slope(power(2), 0) == 0);
  CHECK(slope(power(3), 0) == 0);
  CHECK(slope(power(Real(0.5)), 0) == kInf);
  CHECK(curvature(power(0), 0) == 0);
  CHECK(curvature(power(1), 0) == 0);
  CHECK(curvature(power(2), 0) == 2);
  CHECK(curvature(power(3), 0) == 0);
  CHECK(curvature(power(2), -3) == 2);
  const auto both = [](const Tensor& x, const Tensor& y) { return pow(x, y); };
  CHECK(slopes(both, 0, 2) == Slopes{0, 0});  // by the exponent: 0 where x = 0
  CHECK(slopes(both, 0, 1) == Slopes{1, 0});
  CHECK(slopes(both, 0, 0) == Slopes{0, 0});
  CHECK(slopes(both, 1, 5) == Slopes{5, 0});
}

TEST_CASE("kinks: pow at exponent 0 has a slope of 0 by its base, which the exponent moves") {
  const Real tiny = std::numeric_limits<Real>::denorm_min();
  for (const Real at : {Real(2), Real(-3), tiny, kInf, std::numeric_limits<Real>::quiet_NaN()}) {
    CHECK(slope([](const Tensor& x) { return pow(x, 0); }, at) == 0);
    CHECK(curvature([](const Tensor& x) { return pow(x, 0); }, at) == 0);
    const Tensor x = scalar(at), y = scalar(0);
    Tape tape(x);
    CHECK(tape.gradient(pow(x, y), x).item() == 0);
  }
  for (const Real at : {Real(2), Real(3)}) {
    const Tensor x = scalar(at), y = scalar(0);
    Tape outer(y);
    Tape inner(x);
    const Real mixed = outer.gradient(inner.gradient(pow(x, y), x), y).item();  // of y·xʸ⁻¹
    CHECK(std::abs(mixed - 1 / at) <= 4 * std::numeric_limits<Real>::epsilon() / at);
  }
}

TEST_CASE("kinks: sqrt and log are infinitely steep at 0, not NaN") {
  CHECK(slope([](const Tensor& x) { return sqrt(x); }, 0) == kInf);
  CHECK(slope([](const Tensor& x) { return log(x); }, 0) == kInf);
  CHECK(slope([](const Tensor& x) { return log1p(x); }, -1) == kInf);
}

TEST_CASE("kinks: where gives its whole derivative to the branch it takes") {
  const auto chosen = [](Real condition) {
    return [condition](const Tensor& a, const Tensor& b) { return where(scalar(condition), a, b); };
  };
  CHECK(slopes(chosen(1), 3, 3) == Slopes{1, 0});
  CHECK(slopes(chosen(0), 3, 3) == Slopes{0, 1});
  // The branch not taken may be as singular as it likes.
  CHECK(slope([](const Tensor& x) { return where(x > scalar(0), x, scalar(2)); }, 0) == 0);
}

TEST_CASE("kinks: saturated functions have derivative 0, not NaN") {
  for (const Real x : {Real(1e4), kInf}) {
    CHECK(slope([](const Tensor& x) { return tanh(x); }, x) == 0);
    CHECK(slope([](const Tensor& x) { return tanh(x); }, -x) == 0);
    CHECK(slope([](const Tensor& x) { return sigmoid(x); }, x) == 0);
    CHECK(slope([](const Tensor& x) { return sigmoid(x); }, -x) == 0);
    CHECK(slope([](const Tensor& x) { return softplus(x); }, x) == 1);
    CHECK(slope([](const Tensor& x) { return softplus(x); }, -x) == 0);
    CHECK(slope([](const Tensor& x) { return erf(x); }, x) == 0);
    CHECK(slope([](const Tensor& x) { return elu(x); }, x) == 1);
    CHECK(slope([](const Tensor& x) { return elu(x); }, -x) == 0);
  }
}

TEST_CASE("the slope of elu and expm1 keeps its digits where the value is next to -1") {
  for (const Real x : {Real(-1), Real(-10), Real(-17), Real(-40), Real(-80)}) {
    CAPTURE(x);
    const Real expected = std::exp(x);
    const auto elu_of = [](const Tensor& x) { return elu(x); };
    CHECK(std::abs(slope(elu_of, x) - expected) <= 4 * std::numeric_limits<Real>::epsilon() * expected);
    CHECK(curvature(elu_of, x) == slope(elu_of, x));
    CHECK(slope([](const Tensor& x) { return expm1(x); }, x) == slope(elu_of, x));
  }
}

// Closed: the derivative is exactly 0 because a branch was chosen that does not depend on x.

namespace {

const Real kNan = std::numeric_limits<Real>::quiet_NaN();
using Function = Tensor (*)(const Tensor&);

// Each is 0 around the place where it is closed.
const std::vector<std::pair<Function, Real>> kClosed = {
    {[](const Tensor& x) { return relu(x); }, -1},
    {[](const Tensor& x) { return relu(x); }, 0},
    {[](const Tensor& x) { return leaky_relu(x, 0); }, -1},
    {[](const Tensor& x) { return max(x, scalar(0)); }, -1},
    {[](const Tensor& x) { return max(scalar(0), x); }, -1},
    {[](const Tensor& x) { return -min(-x, scalar(0)); }, -1},
    {[](const Tensor& x) { return clamp(x, 0, 1); }, -1},
    {[](const Tensor& x) { return where(x > scalar(0), x, scalar(0)); }, -1},
    {[](const Tensor& x) { return abs(x); }, 0},
    {[](const Tensor& x) { return elementwise<"relu">([](auto x) { return max(x, 0); }, x); }, -1},
};
// Each is infinitely steep at 0.
const std::vector<Function> kSteep = {
    [](const Tensor& y) { return sqrt(y); },
    [](const Tensor& y) { return log(y); },
    [](const Tensor& y) { return pow(y, Real(0.3)); },
    [](const Tensor& y) { return pow(y, scalar(Real(0.3))); },
    [](const Tensor& y) { return 1 / y; },
    [](const Tensor& y) { return scalar(1) / y; },
    [](const Tensor& y) { return log1p(y - 1); },
    [](const Tensor& y) { return sqrt(tanh(y)); },
    [](const Tensor& y) { return elementwise<"steep">([](auto y) { return y * 2 + sqrt(y) * log(y + 1); }, y); },
    [](const Tensor& y) { return digamma(y); },
};

// f at (at, open), the second element of which is not closed: its derivative must not suffer.
template <class F>
std::vector<Real> first_derivative(const F& f, Real at, Real open) {
  const Tensor x = tensor({2}, {at, open});
  Tape tape(x);
  return tape.gradient(sum(f(x)), x).values();
}
template <class F>
std::vector<Real> second_derivative(const F& f, Real at, Real open) {
  const Tensor x = tensor({2}, {at, open});
  Tape outer(x);
  Tape inner(x);
  const Tensor total = sum(f(x));
  const Tensor first = inner.gradient(total * total, x);
  return outer.gradient(sum(first), x).values();
}

}  // namespace

TEST_CASE("closed: an infinite gradient into a closed branch is 0, at both orders") {
  for (std::size_t c = 0; c < kClosed.size(); ++c)
    for (std::size_t s = 0; s < kSteep.size(); ++s) {
      CAPTURE(c);
      CAPTURE(s);
      const auto both = [&](const Tensor& x) { return kSteep[s](kClosed[c].first(x)); };
      const std::vector<Real> first = first_derivative(both, kClosed[c].second, Real(0.5));
      CHECK(first[0] == 0);
      CHECK(std::isfinite(first[1]));
      CHECK(first[1] != 0);
      // (the value at the closed place is finite only for some)
      const auto finite = [&](const Tensor& x) { return where(tensor({2}, {0, 1}), both(x), kClosed[c].first(x)); };
      const std::vector<Real> second = second_derivative(finite, kClosed[c].second, Real(0.5));
      CHECK(second[0] == 0);
      CHECK(std::isfinite(second[1]));
    }
}

TEST_CASE("closed: the square of a sum of roots has the second derivative of its open elements") {
  const auto second = second_derivative([](const Tensor& x) { return sqrt(relu(x)); }, -1, 4);
  CHECK(second[0] == 0);
  CHECK(std::abs(second[1]) <= 8 * std::numeric_limits<Real>::epsilon());  // (√x)² = x
}

TEST_CASE("closed: inside one lambda") {
  const auto in_lambda = [](auto f) { return [f](const Tensor& x) { return elementwise<"f">(f, x); }; };
  const auto check = [&](auto f) {
    CHECK(first_derivative(in_lambda(f), -1, Real(0.5))[0] == 0);
    CHECK(std::isfinite(first_derivative(in_lambda(f), -1, Real(0.5))[1]));
    CHECK(curvature(in_lambda(f), -1) == 0);
  };
  check([](auto x) { return sqrt(max(x, 0)); });
  check([](auto x) { return log(where(x > 0, x, 0)); });
  check([](auto x) { return pow(max(x, 0), 0.5); });
  check([](auto x) { return 1 / max(x, 0); });
  check([](auto x) {
    const auto y = 1 / max(x, 0);
    return y * y;
  });
  check([](auto x) { return max(x, 0) / max(x, 0) + 1 / sqrt(max(x, 0)); });
  check([](auto x) { return exp(1 / max(x, 0)); });
  check([](auto x) { return log1p(max(x, 0) - 1); });
  check([](auto x) { return lgamma(max(x, 0)); });
  check([](auto x) { return sin(sqrt(max(x, 0))) + tanh(log(max(x, 0))); });
  CHECK(slope(in_lambda([](auto x) { return sqrt(abs(x)); }), 0) == 0);
  // Many registers, of which one has a closed lane.
  std::vector<Real> values(1000, Real(0.25));
  values[777] = -1;
  const Tensor x = tensor({1000}, values);
  Tape tape(x);
  const std::vector<Real> d = tape.gradient(sum(in_lambda([](auto x) { return sqrt(max(x, 0)); })(x)), x).values();
  for (int i = 0; i < 1000; ++i) CHECK(d[i] == (i == 777 ? 0 : 1));
}

TEST_CASE("closed: mixed second derivatives, by what is closed and what is not") {
  const auto mixed = [](auto f, Real at, Real other) {
    const Tensor a = scalar(at), b = scalar(other);
    Tape outer(b);
    Tape inner(a);
    return outer.gradient(inner.gradient(elementwise<"f">(f, a, b), a), b).item();
  };
  CHECK(mixed([](auto a, auto b) { return sqrt(max(a, 0) + b); }, -1, 0) == 0);
  CHECK(mixed([](auto a, auto b) { return sqrt(a + max(b, 0)); }, 0, -1) == 0);
  CHECK(mixed([](auto a, auto b) { return max(a, 0) * b; }, -1, kInf) == 0);
}

TEST_CASE("closed: a choice by position passes infinite gradients to what was chosen only") {
  const Tensor x = tensor({1, 1, 2, 2}, {0, -1, -2, -3});
  const auto slopes_of = [&](auto f) {
    Tape tape(x);
    return tape.gradient(sum(sqrt(f(x))), x).values();
  };
  const std::vector<Real> first{kInf, 0, 0, 0};
  CHECK(slopes_of([](const Tensor& x) { return max(x, {2, 3}); }) == first);
  CHECK(slopes_of([](const Tensor& x) { return max_pool2d(x, 2); }) == first);
  CHECK(slopes_of([](const Tensor& x) { return gather(reshape(x, {1, 4}), 1, Indices({1, 1}, {0})); }) == first);
  CHECK(slopes_of([](const Tensor& x) { return slice(reshape(x, {4}), 0, 0, 1); }) == first);
  CHECK(slopes_of([](const Tensor& x) { return embedding(reshape(x, {4, 1}), Indices({1}, {0})); }) == first);
}

TEST_CASE("closed: where only the value of a slope is 0, the second derivative is what it is") {
  CHECK(curvature([](const Tensor& x) { return elementwise<"f">([](auto x) { return exp(x * x); }, x); }, 0) == 2);
  CHECK(curvature([](const Tensor& x) { return elementwise<"f">([](auto x) { return sqrt(1 + x * x); }, x); }, 0) == 1);
  CHECK(curvature([](const Tensor& x) { return exp(x * x); }, 0) == 2);
  CHECK(curvature([](const Tensor& x) { return exp(pow(x, 2)); }, 0) == 2);
  CHECK(curvature([](const Tensor& x) { return sqrt(1 + pow(x, 2)); }, 0) == 1);
}

TEST_CASE("closed: what is open lets NaN through") {
  CHECK(std::isnan(slope([](const Tensor& x) { return sqrt(x); }, -1)));
  CHECK(std::isnan(slope([](const Tensor& x) { return sqrt(x * x); }, 0)));  // a product: 0·∞
  CHECK(std::isnan(slope([](const Tensor& x) { return relu(x); }, kNan)) == false);
  CHECK(std::isnan(slope([](const Tensor& x) { return relu(x) * scalar(kNan); }, 1)));
  CHECK(slope([](const Tensor& x) { return relu(x) * scalar(kNan); }, -1) == 0);
  CHECK(slope([](const Tensor& x) { return tanh(x) * scalar(kNan); }, 1000) == 0);  // the price
  CHECK(std::isnan(
      slope([](const Tensor& x) { return elementwise<"f">([](auto x) { return sqrt(max(x, -2)); }, x); }, -1)));
}

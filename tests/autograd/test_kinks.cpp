// The derivative exactly at a kink, or at the edge of a domain, as autograd/ops.h documents it.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

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
    CHECK(tape.gradient(sum(max(x, 1)), x).values() == std::vector<Real>{0, 1, 0, 0, 1, 0, 0, 0});
  }
  {
    Tape tape(x);
    CHECK(tape.gradient(max(x), x).values() == std::vector<Real>{0, 1, 0, 0, 0, 0, 0, 0});
  }
  {
    const Tensor flat = ones({3, 2});
    Tape tape(flat);
    CHECK(tape.gradient(sum(max(flat, 0)), flat).values() == std::vector<Real>{1, 1, 0, 0, 0, 0});
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

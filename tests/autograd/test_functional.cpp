// Derivatives of functions against closed forms. PyTorch's word on them is in tests/nn/test_autodiff.cpp.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/functional.h"
#include "autograd/gradcheck.h"
#include "autograd/op.h"
#include "autograd/ops.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
using Numbers = std::vector<Real>;

/// Largest difference, in units of the rounding of the largest of `expected`; NaN when a number is.
double ulps(const Tensor& x, const std::vector<double>& expected) {
  const Numbers values = x.values();
  REQUIRE(values.size() == expected.size());
  double off = 0, largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double d = std::abs(values[i] - expected[i]);
    if (!(d <= off)) off = d;
    largest = std::max(largest, std::abs(expected[i]));
  }
  return off == 0 ? 0 : off / (largest * std::numeric_limits<Real>::epsilon());
}

// 100 (y - x²)² + (1 - x)² (Rosenbrock 1960), in one vector.
Tensor rosenbrock(const Tensor& p) {
  const Tensor x = slice(p, 0, 0, 1), y = slice(p, 0, 1, 2), off = y - x * x;
  return sum(100 * (off * off) + (1 - x) * (1 - x));
}

}  // namespace

TEST_CASE("functional: the gradient of Rosenbrock's function, and its Hessian column by column") {
  const double a = -1.5, b = 2;
  const Tensor p = tensor({2}, {Real(a), Real(b)});
  const auto [value, gradient] = value_and_gradient(rosenbrock, p);
  CHECK(ulps(value, {100 * (b - a * a) * (b - a * a) + (1 - a) * (1 - a)}) <= 4);
  CHECK(ulps(gradient, {-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)}) <= 4);
  for (int column = 0; column < 2; ++column) {
    const Tensor v = tensor({2}, {Real(1 - column), Real(column)});
    const auto [same, product] = hvp(rosenbrock, p, v);
    CHECK(same.values() == value.values());
    CHECK(ulps(product, column == 0 ? std::vector<double>{1200 * a * a - 400 * b + 2, -400 * a}
                                    : std::vector<double>{-400 * a, 200}) <= 8);
  }
}

TEST_CASE("functional: several inputs, of which some are not used") {
  const Tensor a = tensor({2}, {1, 2}), b = tensor({2, 1}, {3, 4}), unused = zeros({3});
  const auto [value, gradients] = value_and_gradient([](In in) { return sum(in[0] * in[2]); }, {a, unused, b});
  CHECK(value.item() == 21);
  REQUIRE(gradients.size() == 3);
  CHECK(gradients[0].values() == Numbers{7, 7});
  CHECK(gradients[1].values() == Numbers{0, 0, 0});
  CHECK(gradients[2].shape() == Shape{2, 1});
  CHECK(gradients[2].values() == Numbers{3, 3});
}

TEST_CASE("functional: the parameters of whatever f captures, when f takes nothing") {
  const std::vector<Tensor> weights{tensor({2}, {3, 4}), scalar(2)};
  const Tensor x = tensor({2}, {5, 6});
  const auto [loss, gradients] = value_and_gradient([&] { return sum(weights[0] * x) * weights[1]; }, weights);
  CHECK(loss.item() == 78);
  CHECK(gradients[0].values() == Numbers{10, 12});
  CHECK(gradients[1].item() == 39);
}

TEST_CASE("functional: products by what f captures, when f takes nothing") {
  const Tensor a = tensor({2}, {1, 2}), b = tensor({2}, {3, 5}), v = tensor({2}, {1, -1}), w = tensor({2}, {2, 0});
  const auto loss = [&] { return sum(a * a * b); };
  const auto [value, products] = hvp(loss, {a, b}, {v, w});
  CHECK(value.item() == 23);
  CHECK(products[0].values() == Numbers{2 * 3 * 1 + 2 * 1 * 2, 2 * 5 * -1});  // 2·b·v + 2·a·w
  CHECK(products[1].values() == Numbers{2 * 1 * 1, 2 * 2 * -1});              // 2·a·v
  CHECK(jvp([&] { return a * b; }, {a, b}, {v, w}).product.values() == Numbers{3 + 2, -5});
}

TEST_CASE("functional: an input is not what f captures, and one tensor given twice is two inputs") {
  const Tensor x = scalar(3), y = scalar(5);
  CHECK(value_and_gradient([&](const Tensor& in) { return in * x; }, x).gradient.item() == 3);
  const auto f = [](In in) { return in[0] * in[0] * in[1]; };
  const auto [value, gradients] = value_and_gradient(f, {x, x});
  CHECK(gradients[0].item() == 18);
  CHECK(gradients[1].item() == 9);
  const auto [same, product] = jvp(f, {x, x}, {y, scalar(1)});
  CHECK(same.item() == 27);
  CHECK(product.item() == 18 * 5 + 9);
  const auto [again, products] = hvp(f, {x, x}, {scalar(1), scalar(10)});  // Hessian (2b, 2a; 2a, 0)
  CHECK(products[0].item() == 6 + 60);
  CHECK(products[1].item() == 6);
}

TEST_CASE("functional: a Jacobian column by column, and along any direction") {
  const Tensor x = tensor({3}, {1, 2, 3});
  const auto f = [](const Tensor& x) {  // (x₀x₁, x₁x₂)
    return slice(x, 0, 0, 2) * slice(x, 0, 1, 3);
  };
  CHECK(jvp(f, x, tensor({3}, {1, 0, 0})).product.values() == Numbers{2, 0});
  CHECK(jvp(f, x, tensor({3}, {0, 1, 0})).product.values() == Numbers{1, 3});
  CHECK(jvp(f, x, tensor({3}, {0, 0, 1})).product.values() == Numbers{0, 2});
  const auto [value, product] = jvp(f, x, tensor({3}, {10, 100, 1000}));
  CHECK(value.values() == Numbers{2, 6});
  CHECK(product.values() == Numbers{120, 2300});
}

TEST_CASE("functional: products are zero where there is no derivative, and linear functions have no Hessian") {
  const Tensor x = tensor({2}, {1, -2}), v = tensor({2}, {3, 4});
  CHECK(jvp([](const Tensor& x) { return x > scalar(0); }, x, v).product.values() == Numbers{0, 0});
  CHECK(jvp([](const Tensor&) { return ones({2, 2}); }, x, v).product.values() == Numbers{0, 0, 0, 0});
  CHECK(jvp([](const Tensor& x) { return x; }, x, v).product.values() == Numbers{3, 4});
  CHECK(hvp([](const Tensor& x) { return sum(3 * x); }, x, v).product.values() == Numbers{0, 0});
  CHECK(hvp([](const Tensor& x) { return sum(abs(x)); }, x, v).product.values() == Numbers{0, 0});
}

TEST_CASE("functional: empty inputs") {
  const Tensor x = zeros({0, 3}), v = zeros({0, 3});
  CHECK(value_and_gradient([](const Tensor& x) { return sum(x * x); }, x).gradient.shape() == Shape{0, 3});
  CHECK(jvp([](const Tensor& x) { return sum(tanh(x), 0); }, x, v).product.values() == Numbers{0, 0, 0});
  CHECK(hvp([](const Tensor& x) { return sum(x * x * x); }, x, v).product.shape() == Shape{0, 3});
}

TEST_CASE("functional: products can be differentiated again") {
  const Tensor x = tensor({3}, {Real(0.3), Real(-0.8), Real(1.2)}), v = tensor({3}, {1, 2, Real(-0.5)});
  const auto along = [](In in) { return jvp([](const Tensor& x) { return tanh(x) * sum(x); }, in[0], in[1]).product; };
  const GradcheckResult by_jvp = gradcheck(along, {x, v});
  CHECK_MESSAGE(by_jvp.passed, by_jvp.message);
  const auto bent = [](In in) {  // of products, which have every order
    return hvp([](const Tensor& x) { return sum(x * x * x) * sum(x); }, in[0], in[1]).product;
  };
  const GradcheckResult by_hvp = gradcheck(bent, {x, v}, {.order = 2});
  CHECK_MESSAGE(by_hvp.passed, by_hvp.message);
  const auto gradient = [](In in) {
    return value_and_gradient([](const Tensor& x) { return sum(exp(x) * x); }, in[0]).gradient;
  };
  const GradcheckResult by_gradient = gradcheck(gradient, {x});
  CHECK_MESSAGE(by_gradient.passed, by_gradient.message);
}

TEST_CASE("functional: an outer tape sees through, to value and gradient") {
  const Tensor x = scalar(2);
  Tape tape(x);
  const auto [value, gradient] = value_and_gradient([](const Tensor& x) { return x * x * x; }, x);
  CHECK(tape.gradient(value + 10 * gradient, x).item() == 12 + 10 * 12);
}

TEST_CASE("functional: what f is given wrongly") {
  const Tensor x = tensor({2}, {1, 2});
  const auto f = [](const Tensor& x) { return x * x; };
  CHECK(error_of([&] { jvp(f, x, ones({3})); }) == "[jvp] the vector for input 0 has shape (3), the input (2)");
  CHECK(error_of([&] { hvp(f, x, ones({2})); }) ==
        "[gradient] the loss has shape (2), but must be one number\nhelp: did you forget mean() or sum()?");
  CHECK(error_of([&] { hvp([](In in) { return sum(in[0]); }, {x, x}, {x}); }) == "[hvp] 1 vectors for 2 inputs");
  CHECK(contains(error_of([&] { value_and_gradient([&](const Tensor&) { return sum(x); }, x); }),
                 "[value_and_gradient] the value does not depend on the inputs\nhelp: "));
  CHECK(contains(error_of([&] { hvp([&](const Tensor&) { return sum(x); }, x, x); }),
                 "[hvp] the value does not depend on the inputs\nhelp: "));
}

TEST_CASE("functional: stop_gradient keeps the value and stops every derivative") {
  const Tensor x = scalar(3);
  const auto [value, gradient] = value_and_gradient([](const Tensor& x) { return x * x * stop_gradient(x); }, x);
  CHECK(value.item() == 27);
  CHECK(gradient.item() == 18);
  CHECK(hvp([](const Tensor& x) { return x * x * stop_gradient(x); }, x, scalar(1)).product.item() == 6);
  Tape tape(x);
  CHECK(tracked(x * x));
  CHECK_FALSE(tracked(stop_gradient(x * x)));
}

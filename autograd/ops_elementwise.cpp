// Elementwise functions: one generic lambda each. The derivatives come from dual.h.
#include "autograd/elementwise.h"
#include "autograd/ops.h"

namespace GRADUS {

Tensor exp(const Tensor& x) {
  return elementwise<"exp">([](auto x) { return exp(x); }, x);
}
Tensor log(const Tensor& x) {
  return elementwise<"log">([](auto x) { return log(x); }, x);
}
Tensor log1p(const Tensor& x) {
  return elementwise<"log1p">([](auto x) { return log1p(x); }, x);
}
Tensor expm1(const Tensor& x) {
  return elementwise<"expm1">([](auto x) { return expm1(x); }, x);
}
Tensor sqrt(const Tensor& x) {
  return elementwise<"sqrt">([](auto x) { return sqrt(x); }, x);
}
Tensor tanh(const Tensor& x) {
  return elementwise<"tanh">([](auto x) { return tanh(x); }, x);
}
Tensor sigmoid(const Tensor& x) {
  return elementwise<"sigmoid">([](auto x) { return sigmoid(x); }, x);
}
Tensor softplus(const Tensor& x) {
  return elementwise<"softplus">([](auto x) { return softplus(x); }, x);
}
Tensor erf(const Tensor& x) {
  return elementwise<"erf">([](auto x) { return erf(x); }, x);
}
Tensor lgamma(const Tensor& x) {
  return elementwise<"lgamma">([](auto x) { return lgamma(x); }, x);
}
Tensor digamma(const Tensor& x) {
  return elementwise<"digamma">([](auto x) { return digamma(x); }, x);
}
Tensor pow(const Tensor& x, const Tensor& y) {
  return elementwise<"pow">([](auto x, auto y) { return pow(x, y); }, x, y);
}
Tensor pow(const Tensor& x, Real y) {
  if (y == 2) return elementwise<"pow">([](auto x) { return x * x; }, x);
  if (y == 3) return elementwise<"pow">([](auto x) { return x * x * x; }, x);
  return elementwise<"pow">([y](auto x) { return pow(x, y); }, x);
}
Tensor abs(const Tensor& x) {
  return elementwise<"abs">([](auto x) { return abs(x); }, x);
}
Tensor min(const Tensor& a, const Tensor& b) {
  return elementwise<"min">([](auto a, auto b) { return min(a, b); }, a, b);
}
Tensor max(const Tensor& a, const Tensor& b) {
  return elementwise<"max">([](auto a, auto b) { return max(a, b); }, a, b);
}
Tensor clamp(const Tensor& x, Real low, Real high) {
  check(low <= high, "[clamp] the lower bound {} is above the upper bound {}", low, high);
  return elementwise<"clamp">([low, high](auto x) { return where(x < low, low, where(x > high, high, x)); }, x);
}

Tensor relu(const Tensor& x) {
  return elementwise<"relu">([](auto x) { return where(x <= 0, 0, x); }, x);  // so that NaN stays NaN
}
Tensor elu(const Tensor& x, Real alpha) {
  return elementwise<"elu">([alpha](auto x) { return where(x > 0, x, alpha * expm1(x)); }, x);
}
Tensor leaky_relu(const Tensor& x, Real slope) {
  return elementwise<"leaky_relu">([slope](auto x) { return where(x > 0, x, slope * x); }, x);
}
Tensor silu(const Tensor& x) {
  return elementwise<"silu">([](auto x) { return x * sigmoid(x); }, x);
}
Tensor gelu(const Tensor& x) {
  return elementwise<"gelu">([](auto x) { return 0.5 * x * (1 + erf(x * (std::numbers::sqrt2 / 2))); }, x);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return elementwise<"where">([](auto c, auto a, auto b) { return where(c != 0, a, b); }, condition, a, b);
}
Tensor operator<(const Tensor& a, const Tensor& b) {
  return elementwise<"less">([](auto a, auto b) { return where(a < b, 1, 0); }, a, b);
}
Tensor operator<=(const Tensor& a, const Tensor& b) {
  return elementwise<"less_equal">([](auto a, auto b) { return where(a <= b, 1, 0); }, a, b);
}
Tensor operator>(const Tensor& a, const Tensor& b) {
  return elementwise<"greater">([](auto a, auto b) { return where(a > b, 1, 0); }, a, b);
}
Tensor operator>=(const Tensor& a, const Tensor& b) {
  return elementwise<"greater_equal">([](auto a, auto b) { return where(a >= b, 1, 0); }, a, b);
}
Tensor equal(const Tensor& a, const Tensor& b) {
  return elementwise<"equal">([](auto a, auto b) { return where(a == b, 1, 0); }, a, b);
}

}  // namespace GRADUS

// Ops of a tensor and a number. The number is captured: it costs what a literal in the formula does, and no tensor.
#include "autograd/elementwise.h"
#include "autograd/ops.h"

namespace GRADUS::with_number {

Tensor where(const Tensor& condition, const Tensor& a, Real b) {
  return elementwise<"where">([b](auto c, auto a) { return where(c != 0, a, b); }, condition, a);
}
Tensor where(const Tensor& condition, Real a, const Tensor& b) {
  return elementwise<"where">([a](auto c, auto b) { return where(c != 0, a, b); }, condition, b);
}
Tensor where(const Tensor& condition, Real a, Real b) {
  return elementwise<"where">([a, b](auto c) { return where(c != 0, a, b); }, condition);
}

Tensor min(const Tensor& a, Real b) {
  return elementwise<"min">([b](auto a) { return min(a, b); }, a);
}
Tensor min(Real a, const Tensor& b) {
  return elementwise<"min">([a](auto b) { return min(a, b); }, b);
}
Tensor max(const Tensor& a, Real b) {
  return elementwise<"max">([b](auto a) { return max(a, b); }, a);
}
Tensor max(Real a, const Tensor& b) {
  return elementwise<"max">([a](auto b) { return max(a, b); }, b);
}

Tensor less(const Tensor& a, Real b) {
  return elementwise<"less">([b](auto a) { return where(a < b, 1, 0); }, a);
}
Tensor less_equal(const Tensor& a, Real b) {
  return elementwise<"less_equal">([b](auto a) { return where(a <= b, 1, 0); }, a);
}
Tensor greater(const Tensor& a, Real b) {
  return elementwise<"greater">([b](auto a) { return where(a > b, 1, 0); }, a);
}
Tensor greater_equal(const Tensor& a, Real b) {
  return elementwise<"greater_equal">([b](auto a) { return where(a >= b, 1, 0); }, a);
}
Tensor equal(const Tensor& a, Real b) {
  return elementwise<"equal">([b](auto a) { return where(a == b, 1, 0); }, a);
}

}  // namespace GRADUS::with_number

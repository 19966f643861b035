#include "autograd/functional.h"

#include "autograd/joint.h"
#include "autograd/ops.h"

namespace GRADUS::detail {

constexpr const char* kHowToDepend =
    "help: f computes it from its arguments, not from tensors that it captures; an f of no arguments is differentiated "
    "by what it captures, as it is when the tape begins: take parameters(module) afresh for each call";

static void check_directions(const char* op, std::span<const Tensor> x, std::span<const Tensor> v) {
  check(x.size() == v.size(), "[{}] {} vectors for {} inputs", op, v.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    check(x[i].shape() == v[i].shape(), "[{}] the vector for input {} has shape {}, the input {}", op, i, v[i].shape(),
          x[i].shape());
}

// Σ aᵢ·bᵢ over all elements of all pairs.
static Tensor dot(std::span<const Tensor> a, std::span<const Tensor> b) {
  Tensor total = scalar(0);
  for (std::size_t i = 0; i < a.size(); ++i) total = total + sum(a[i] * b[i]);
  return total;
}

ValueAndGradients value_and_gradient(const std::function<Tensor()>& f, std::span<const Tensor> x) {
  Tape tape(x);
  const Tensor value = f();
  check(tape.knows(value), "[value_and_gradient] the value does not depend on the inputs\n{}", kHowToDepend);
  return {value, tape.gradient(value)};
}

ValueAndGradients value_and_gradient(const TensorFunction& f, std::span<const Tensor> x) {
  const std::vector<Tensor> in = renamed(x);
  return value_and_gradient([&] { return f(in); }, in);
}

ValueAndProduct jvp(const std::function<Tensor()>& f, std::span<const Tensor> x, std::span<const Tensor> v) {
  check_directions("jvp", x, v);
  Tape by_x(x);
  const Tensor y = f();
  const Tensor u = zeros(y.shape());
  if (!by_x.knows(y)) return {y, u};
  Tape by_u(u);
  const Tensor product = dot(by_x.gradient(sum(y * u)), v);  // uᵀ·J·v
  return {y, by_u.knows(product) ? by_u.gradient(product, u) : u};
}

ValueAndProduct jvp(const TensorFunction& f, std::span<const Tensor> x, std::span<const Tensor> v) {
  const std::vector<Tensor> in = renamed(x);
  return jvp([&] { return f(in); }, in, v);
}

ValueAndProducts hvp(const std::function<Tensor()>& f, std::span<const Tensor> x, std::span<const Tensor> v) {
  check_directions("hvp", x, v);
  Tape outer(x), inner(x);
  const Tensor value = f();
  check(inner.knows(value), "[hvp] the value does not depend on the inputs\n{}", kHowToDepend);
  const Tensor along = dot(inner.gradient(value), v);
  return {value, outer.knows(along) ? outer.gradient(along) : zeros_like(x)};
}

ValueAndProducts hvp(const TensorFunction& f, std::span<const Tensor> x, std::span<const Tensor> v) {
  const std::vector<Tensor> in = renamed(x);
  return hvp([&] { return f(in); }, in, v);
}

}  // namespace GRADUS::detail

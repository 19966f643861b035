// Derivatives of functions: the tape behind calls that read like formulas.
//
//   const auto [loss, gradient] = value_and_gradient(f, x);
//   const auto [y, along_v] = jvp(f, x, v);    // J·v
//   const auto [z, bent] = hvp(f, x, v);       // H·v
//
// f is a pure function of what it is given: of one Tensor, or of a std::span<const Tensor>, as the second argument is.
// It sees its inputs under ids of their own, so a tensor that it captures is a constant to it, even one of the inputs,
// and the same tensor given twice has two derivatives. An f of no arguments is differentiated by what it captures, so a
// loss by the parameters of a module:
//
//   const auto [loss, gradients] = value_and_gradient([&] { return mse(net(x, context), y); }, parameters(net));
//
// Whatever comes back can be differentiated again, as often as the ops in f can be beyond that: hvp takes two of their
// orders, which is all that an elementwise lambda has.
#pragma once

#include <functional>

#include "tensor/tensor.h"

namespace GRADUS {

using TensorFunction = std::function<Tensor(std::span<const Tensor>)>;

struct ValueAndGradient {
  Tensor value, gradient;
};
struct ValueAndGradients {
  Tensor value;
  std::vector<Tensor> gradients;  // one per input, in order
};
struct ValueAndProduct {
  Tensor value, product;
};
struct ValueAndProducts {
  Tensor value;
  std::vector<Tensor> products;  // one per input, in order
};

namespace detail {
/// With a TensorFunction the inputs take ids of their own, with a function of nothing they keep theirs.
ValueAndGradients value_and_gradient(const std::function<Tensor()>& f, std::span<const Tensor> x);
ValueAndGradients value_and_gradient(const TensorFunction& f, std::span<const Tensor> x);
ValueAndProduct jvp(const std::function<Tensor()>& f, std::span<const Tensor> x, std::span<const Tensor> v);
ValueAndProduct jvp(const TensorFunction& f, std::span<const Tensor> x, std::span<const Tensor> v);
ValueAndProducts hvp(const std::function<Tensor()>& f, std::span<const Tensor> x, std::span<const Tensor> v);
ValueAndProducts hvp(const TensorFunction& f, std::span<const Tensor> x, std::span<const Tensor> v);

template <class F>
TensorFunction of_one(const F& f) {
  return [&f](std::span<const Tensor> in) -> Tensor { return f(in[0]); };
}
template <class F>
auto of_many(const F& f) {
  if constexpr (std::is_invocable_v<const F&>)
    return std::function<Tensor()>(std::cref(f));
  else
    return TensorFunction(std::cref(f));
}
}  // namespace detail

/// f(x), which must be one number, and df/dx in x's shape. Error when f does not depend on x.
template <class F>
ValueAndGradient value_and_gradient(const F& f, const Tensor& x) {
  auto [value, gradients] = detail::value_and_gradient(detail::of_one(f), {&x, 1});
  return {value, gradients[0]};
}
/// The same for several inputs: zeros for those that f does not depend on, Error when it depends on none.
template <class F>
ValueAndGradients value_and_gradient(const F& f, const std::vector<Tensor>& x) {
  return detail::value_and_gradient(detail::of_many(f), x);
}

/// f(x) of any shape, and its Jacobian times v: how f(x) moves as the inputs move along v (each in its input's shape).
/// Zeros where f does not depend on x. The product is the VJP of u ↦ Jᵀ·u, which is linear, so u does not matter
/// (Townsend 2017): two passes back, at about the cost of two gradients and with a gradient's memory.
template <class F>
ValueAndProduct jvp(const F& f, const Tensor& x, const Tensor& v) {
  return detail::jvp(detail::of_one(f), {&x, 1}, {&v, 1});
}
template <class F>
ValueAndProduct jvp(const F& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v) {
  return detail::jvp(detail::of_many(f), x, v);
}

/// f(x), which must be one number, and its Hessian times v: how the gradient moves as the inputs move along v. Zeros
/// where the gradient is constant, Error when f does not depend on x. The product is the gradient of (gradient · v)
/// (Pearlmutter 1994), at about the cost of two gradients; the Hessian is never built.
template <class F>
ValueAndProduct hvp(const F& f, const Tensor& x, const Tensor& v) {
  auto [value, products] = detail::hvp(detail::of_one(f), {&x, 1}, {&v, 1});
  return {value, products[0]};
}
template <class F>
ValueAndProducts hvp(const F& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v) {
  return detail::hvp(detail::of_many(f), x, v);
}

}  // namespace GRADUS

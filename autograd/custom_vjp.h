// custom_vjp: an op from a function and a VJP of the user's own, for when the true derivative is useless or unstable.
//
//   Tensor round_through(const Tensor& x) {  // straight-through estimator: rounds forward, passes g as it is
//     return custom_vjp("round", rounded, [](const Tensor& g, const Tensor& x, const Tensor& y) { return g; }, x);
//   }
//
// An op whose VJPs are the true ones is better written with `record` (op.h): one VJP per argument, each run only where
// it is needed.
#pragma once

#include "autograd/joint.h"

namespace GRADUS {

/// A VJP that is not made of ops, of tables or loops over values say, whose derivative would be lost without a word:
/// custom_vjp(op, forward, once(vjp), x…) makes the second derivative an Error.
template <class F>
struct Once {
  F vjp;
  const char* op = "custom_vjp";

  auto operator()(const Tensor& g, const auto&... x_and_y) {
    const std::array<Tensor, 1 + sizeof...(x_and_y)> from{g, x_and_y...};
    const auto dx = [&] {
      const Pause pause;
      return vjp(g, x_and_y...);
    }();
    if constexpr (std::is_convertible_v<decltype(dx), Tensor>) {
      return detail::without_derivative(op, dx, from);
    } else {
      std::vector<Tensor> all;
      for (const Tensor& each : dx) all.push_back(detail::without_derivative(op, each, from));
      return all;
    }
  }
};
template <class F>
Once<F> once(F vjp) {
  return {std::move(vjp)};
}

namespace detail {
template <class F>
inline constexpr bool holds_values = HoldsValues<F>;
template <class F>
inline constexpr bool holds_values<Once<F>> = HoldsValues<F>;
}  // namespace detail

/// forward(x…), any function from tensors to a tensor; nothing that it does is recorded. Backward, vjp(g, x…, y) gives
/// from the gradient g of the output y those of the inputs: a Tensor for one input, otherwise a range of as many in the
/// same order, such as std::array{dx, dw}. Written in public ops it can be differentiated again; otherwise mark it:
/// once(vjp). It is kept for the way back, as inputs and output are, so it captures by value. `op` must outlive the tapes
/// (a string literal).
/// Error when `forward` captures a tensor that a tape watches: that derivative would be lost. What has no derivative,
/// numbers and indices, may be captured.
template <class Forward, class Function, std::same_as<Tensor>... X>
Tensor custom_vjp(const char* op, const Forward& forward, Function vjp, const X&... x) {
  static_assert(sizeof...(X) > 0, "custom_vjp(name, forward, vjp, x…) needs at least one tensor to differentiate by");
  static_assert(std::is_invocable_r_v<Tensor, const Forward&, const X&...>,
                "custom_vjp: forward takes the inputs, (x…), and returns a Tensor");
  static_assert(std::is_invocable_v<Function&, const Tensor&, const X&..., const Tensor&>,
                "custom_vjp: the VJP takes the gradient of the output, the inputs and the output: (g, x…, y)");
  static_assert(detail::holds_values<Function>,
                "custom_vjp: the VJP is kept for the way back, so it captures by value, [x], not by reference, [&]");
  if constexpr (requires { vjp.op = op; }) vjp.op = op;
  const Tensor y = detail::untracked(op, forward(detach(x)...));
  if constexpr (sizeof...(X) == 1) {
    return record(op, y, arg(x..., [=](const Tensor& g) mutable -> Tensor { return vjp(g, x..., y); }));
  } else {
    const std::array<Tensor, sizeof...(X)> inputs{x...};
    return record(op, y, arg(detail::bundle(inputs), [=](const Tensor& g) mutable {
                    return detail::bundled(op, vjp(g, x..., y), inputs);
                  }));
  }
}

}  // namespace GRADUS

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

/// forward(x…), any function from tensors to a tensor; nothing that it does is recorded. Backward, vjp(g, x…, y) gives
/// from the gradient g of the output y those of the inputs: a Tensor for one input, otherwise a range of as many in the
/// same order, such as std::array{dx, dw}. Written in public ops it can be differentiated again. `op` must outlive the
/// tapes (a string literal). Inputs and output are kept for the way back.
/// Error when `forward` captures a tensor that a tape watches: that derivative would be lost. What has no derivative,
/// numbers and indices, may be captured.
template <class Forward, class Function, std::same_as<Tensor>... X>
Tensor custom_vjp(const char* op, const Forward& forward, Function vjp, const X&... x) {
  static_assert(sizeof...(X) > 0, "custom_vjp(name, forward, vjp, x…) needs at least one tensor to differentiate by");
  static_assert(std::is_invocable_r_v<Tensor, const Forward&, const X&...>,
                "custom_vjp: forward takes the inputs, (x…), and returns a Tensor");
  static_assert(std::is_invocable_v<Function&, const Tensor&, const X&..., const Tensor&>,
                "custom_vjp: the VJP takes the gradient of the output, the inputs and the output: (g, x…, y)");
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

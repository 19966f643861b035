// Your answer to lesson 5. Replace the line that throws.
#pragma once

/// H·v, where H is the Hessian of f at x; in x's shape, which is v's as well.
inline Tensor hessian_times(const Loss& /*f*/, const Tensor& /*x*/, const Tensor& /*v*/) {
  throw Todo{"write `hessian_times`"};
}

// expect: after step 1 parameter 0 differs from Sgd's
#pragma once

inline void momentum_step(Tensor& x, Tensor& velocity, const Tensor& gradient, Real rate, Real momentum) {
  velocity = momentum * velocity + (1 - momentum) * gradient;
  x = x - rate * velocity;
}

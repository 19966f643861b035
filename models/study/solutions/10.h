#pragma once

inline void momentum_step(Tensor& x, Tensor& velocity, const Tensor& gradient, Real rate, Real momentum) {
  velocity = momentum * velocity + gradient;
  x = x - rate * velocity;
}

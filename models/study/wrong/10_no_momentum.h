// expect: after step 2 parameter 0 differs from Sgd's
#pragma once

inline void momentum_step(Tensor& x, Tensor&, const Tensor& gradient, Real rate, Real) { x = x - rate * gradient; }

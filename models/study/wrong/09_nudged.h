// expect: the value at x = 1, λ = 0.0001: your answer gives -9.2004
#pragma once

inline Tensor log_likelihood(const Tensor& x, const Tensor& rate) { return x * log(rate + Real(1e-6)) - rate; }

// expect: the slope by λ at x = 0, λ = 0: your answer gives nan, and -1 is right
#pragma once

inline Tensor log_likelihood(const Tensor& x, const Tensor& rate) { return where(x > 0, x * log(rate), 0) - rate; }

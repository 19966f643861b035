#pragma once

inline Tensor log_likelihood(const Tensor& x, const Tensor& rate) { return x * log(where(x > 0, rate, 1)) - rate; }

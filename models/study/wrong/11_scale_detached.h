// expect: the slope by log b at the same noise: your answer gives 0
#pragma once

inline Tensor laplace(const Tensor& loc, const Tensor& log_scale, const Tensor& u) {
  return loc + detach(exp(log_scale)) * where(u < 0, log(abs(u)), -log(abs(u)));
}

#pragma once

inline Tensor laplace(const Tensor& loc, const Tensor& log_scale, const Tensor& u) {
  return loc + exp(log_scale) * where(u < 0, log(abs(u)), -log(abs(u)));
}

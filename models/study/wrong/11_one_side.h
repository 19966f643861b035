// expect: the mean of 200,000 draws for μ = 2, b = ½: your answer gives 2.5
#pragma once

inline Tensor laplace(const Tensor& loc, const Tensor& log_scale, const Tensor& u) {
  return loc - exp(log_scale) * log(abs(u));
}

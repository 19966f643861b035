// expect: the bound at the posterior: your answer gives -3.36
#pragma once

inline Tensor kl(const Tensor& mu, const Tensor& log_variance) {
  return sum(Real(0.5) * (mu * mu + expm1(log_variance / 2) - log_variance), {1});
}

// expect: KL of a batch of 1 has shape (), and (1) is right
#pragma once

inline Tensor kl(const Tensor& mu, const Tensor& log_variance) {
  return sum(Real(0.5) * (mu * mu + expm1(log_variance) - log_variance));
}

// Your answer to lesson 9. Mend the formula, and take the first line out.
#pragma once

/// x·log λ - λ, and -λ where x is 0.
inline Tensor log_likelihood(const Tensor& x, const Tensor& rate) {
  throw Todo{"mend `log_likelihood`"};
  return where(x > 0, x * log(rate), 0) - rate;
}

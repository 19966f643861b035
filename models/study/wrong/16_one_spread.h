// expect: the standard deviation of number 0: your answer gives
#pragma once

inline Tensor fitted(const Tensor& codes, std::int64_t n, Rng& rng) {
  return mean(codes, {0}) + stddev(codes) * normal({n, codes.extent(1)}, rng);
}

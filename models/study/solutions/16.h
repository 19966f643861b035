#pragma once

inline Tensor fitted(const Tensor& codes, std::int64_t n, Rng& rng) {
  return mean(codes, {0}) + stddev(codes, {0}) * normal({n, codes.extent(1)}, rng);
}

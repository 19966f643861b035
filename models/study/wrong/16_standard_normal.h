// expect: the mean of number 0 is
#pragma once

inline Tensor fitted(const Tensor& codes, std::int64_t n, Rng& rng) { return normal({n, codes.extent(1)}, rng); }

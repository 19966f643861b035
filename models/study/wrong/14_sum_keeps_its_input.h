// expect: for B = 100, the bytes that the sums keep: you predict 313600, and it is 0
#pragma once

inline Predictions predict(double B, std::int64_t D, std::int64_t H, std::int64_t Z) {
  return {1, 1 / B, 1 / B, static_cast<std::int64_t>(B) * Z, H * D, static_cast<std::int64_t>(B) * D * 4};
}

// expect: for B = 100, d loss at the KL: you predict 0.005, and it is 0.01
#pragma once

inline Predictions predict(double B, std::int64_t D, std::int64_t H, std::int64_t Z) {
  return {1, 1 / B, 1 / (B * static_cast<double>(Z)), static_cast<std::int64_t>(B) * Z, H * D, 0};
}

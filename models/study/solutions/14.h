#pragma once

inline Predictions predict(double B, std::int64_t D, std::int64_t H, std::int64_t Z) {
  return {.at_loss = 1,  // by itself
          .at_log_likelihood = 1 / B,
          .at_kl = 1 / B,
          .draws = static_cast<std::int64_t>(B) * Z,
          .first_layer = H * D,
          .sum_keeps = 0};  // shapes alone
}

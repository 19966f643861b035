// Your answer to lesson 14. Replace the line that throws.
#pragma once

inline Predictions predict(double /*B*/, std::int64_t /*D*/, std::int64_t /*H*/, std::int64_t /*Z*/) {
  throw Todo{"write `predict`"};
}

// Your answer to lesson 14. Replace the line that throws.
#pragma once

/// What is to be seen for these sizes. B is a double, so that 1 / B is no division of integers; where it counts numbers,
/// static_cast<std::int64_t>(B).
inline Predictions predict(double /*B*/, std::int64_t /*D*/, std::int64_t /*H*/, std::int64_t /*Z*/) {
  throw Todo{"write `predict`"};
}

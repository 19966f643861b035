// Your answer to lesson 16. Replace the line that throws.
#pragma once

/// n codes (n, Z) from the Gaussian fitted to `codes` (N, Z).
inline Tensor fitted(const Tensor& /*codes*/, std::int64_t /*n*/, Rng& /*rng*/) { throw Todo{"write `fitted`"}; }

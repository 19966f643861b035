// Your answer to lesson 15. Replace the line that throws.
#pragma once

/// F of each row: (B, 16) -> (B).
inline Tensor free_energy(const Rbm& /*rbm*/, const Tensor& /*v*/) { throw Todo{"write `free_energy`"}; }

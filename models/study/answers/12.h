// Your answer to lesson 12. Replace the line that throws.
#pragma once

/// KL from N(μ, σ²) to N(0, 1) in nats per sample: (B, Z), (B, Z) -> (B).
inline Tensor kl(const Tensor& /*mu*/, const Tensor& /*log_variance*/) { throw Todo{"write `kl`"}; }

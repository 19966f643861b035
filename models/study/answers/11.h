// Your answer to lesson 11. Replace the line that throws.
#pragma once

/// Draws from the Laplace distributions of these locations μ and log b, by noise u, uniform in (-1, 1); all of one shape.
inline Tensor laplace(const Tensor& /*loc*/, const Tensor& /*log_scale*/, const Tensor& /*u*/) {
  throw Todo{"write `laplace`"};
}

// Your answer to lesson 6. Replace the lines that throw.
#pragma once

/// d loss / d a, for u = d loss / d (a @ b).
inline Tensor vjp_by_a(const Tensor& /*u*/, const Tensor& /*a*/, const Tensor& /*b*/) {
  throw Todo{"write `vjp_by_a`"};
}
/// d loss / d b.
inline Tensor vjp_by_b(const Tensor& /*u*/, const Tensor& /*a*/, const Tensor& /*b*/) {
  throw Todo{"write `vjp_by_b`"};
}

// expect: F without weights, element 0: your answer gives
#pragma once

// The energy at h = σ(…) instead of the free energy, which sums over all h.
inline Tensor free_energy(const Rbm& rbm, const Tensor& v) {
  const Tensor logits = matmul(v, rbm.weight) + rbm.hidden;
  return -sum(v * rbm.visible, {1}) - sum(logits * sigmoid(logits), {1});
}

#pragma once

inline Tensor free_energy(const Rbm& rbm, const Tensor& v) {
  return -sum(v * rbm.visible, {1}) - sum(softplus(matmul(v, rbm.weight) + rbm.hidden), {1});
}

// expect: F without weights, element 0: your answer gives -16.6
#pragma once

inline Tensor free_energy(const Rbm& rbm, const Tensor& v) {
  return -sum(softplus(matmul(v, rbm.weight) + rbm.hidden), {1});
}

// expect: (2, 3) to (3), element 0: your answer gives
#pragma once

inline Tensor summed_to(const Tensor& x, const Shape& shape) {
  return sum_to(x, shape) * (Real(shape.numel()) / Real(x.numel()));
}

// expect: (2, 3) to (1, 3): your answer has shape (2, 3), and (1, 3) is right
#pragma once

inline Tensor summed_to(const Tensor& x, const Shape& shape) {
  Tensor y = x;
  while (y.rank() > shape.rank()) y = sum(y, {0});
  return y;
}

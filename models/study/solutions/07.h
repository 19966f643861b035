#pragma once

inline Tensor summed_to(const Tensor& x, const Shape& shape) {
  Tensor y = x;
  while (y.rank() > shape.rank()) y = sum(y, {0});
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 1) y = sum(y, {axis}, keepdim);
  return y;
}

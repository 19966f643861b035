// expect: gradcheck at order 2:
#pragma once

inline Tensor cube(const Tensor& x) {
  Tensor y, slope;
  {
    const Pause pause;
    y = x * x * x;
    slope = 3 * x * x;  // right, and a constant to every tape
  }
  return record("cube", y, arg(x, [slope](const Tensor& g) { return g * slope; }));
}

#pragma once

inline Tensor hessian_times(const Loss& f, const Tensor& x, const Tensor& v) {
  Tape outer(x);
  Tensor along;
  {
    Tape inner(x);
    along = sum(inner.gradient(f(x), x) * v);
  }
  return outer.gradient(along, x);
}

#pragma once

template <class T>
Dual<T> atan(Dual<T> x) {
  return {atan(x.v), x.d / (one<T>() + x.v * x.v)};
}

// expect: the slope of atan(x²) at 2: your answer gives 0.0588
#pragma once

template <class T>
Dual<T> atan(Dual<T> x) {
  return {atan(x.v), one<T>() / (one<T>() + x.v * x.v)};
}

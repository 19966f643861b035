// expect: your op is 2 ops on the tape
#pragma once

inline Tensor cube(const Tensor& x) { return x * x * x; }

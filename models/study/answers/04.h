// Your answer to lesson 4. Replace the line that throws.
#pragma once

template <class T>
Dual<T> atan(Dual<T> /*x*/) {
  throw Todo{"write `atan` for duals"};
}

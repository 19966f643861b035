// Your answer to lesson 4. Replace the line that throws; no #include here, it stands inside a namespace.
#pragma once

/// The value of atan at x, and its slope there times x.d.
template <class T>
Dual<T> atan(Dual<T> /*x*/) {
  throw Todo{"write `atan` for duals"};
}

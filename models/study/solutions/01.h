#pragma once

// f(x + h) - f(x - h) = 2hf′ + h³f‴/3 + O(h⁵), and with 2h in place of h: 4hf′ + 8h³f‴/3. Eight times the first less the
// second is 12hf′, with the h³ gone.
inline double five_point(const Function& f, double x, double h) {
  return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);
}

// Power series, summed up and cut short by the compiler: c[0] + c[1]·x + c[2]·x² + …
#pragma once

#include <array>
#include <cstddef>

#include "tensor/real.h"

namespace GRADUS::detail {

template <std::size_t n>
using Series = std::array<long double, n>;

/// Of x + by, in powers of x.
template <std::size_t n>
constexpr Series<n> shifted(Series<n> c, long double by) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = n - 1; k-- > i;) c[k] += by * c[k + 1];
  return c;
}

/// Of by·x, in powers of x.
template <std::size_t n>
constexpr Series<n> stretched(Series<n> c, long double by) {
  long double power = 1;
  for (long double& term : c) {
    term *= power;
    power *= by;
  }
  return c;
}

/// Nearly the same for |x| ≤ 1, by few terms. Lanczos's telescoping (Applied Analysis, 1956, chapter 7): a term of
/// high order is traded for lower ones by the Chebyshev polynomial that begins with it, at the cost of the little that
/// this polynomial amounts to.
template <std::size_t terms, std::size_t n>
constexpr Series<terms> telescoped(Series<n> c) {
  for (int order = n - 1; order >= static_cast<int>(terms); --order) {
    long double term = c[order];  // times Chebyshev's polynomial: its coefficients, each from the one two orders above
    for (int k = order - 2; k >= 0; k -= 2) {
      term *= static_cast<long double>((k + 1) * (k + 2)) / (k * k - order * order);
      c[k] -= term;
    }
  }
  Series<terms> few{};
  for (std::size_t k = 0; k < terms; ++k) few[k] = c[k];
  return few;
}

/// Nearly the same for low ≤ x ≤ high, by few terms.
template <std::size_t terms, std::size_t n>
constexpr Series<terms> telescoped(const Series<n>& c, long double low, long double high) {
  const long double middle = (low + high) / 2, half = (high - low) / 2;
  return shifted(stretched(telescoped<terms>(stretched(shifted(c, middle), half)), 1 / half), -middle);
}

template <std::size_t n>
constexpr std::array<Real, n> rounded(const Series<n>& c) {
  std::array<Real, n> r{};
  for (std::size_t k = 0; k < n; ++k) r[k] = static_cast<Real>(c[k]);
  return r;
}

}  // namespace GRADUS::detail

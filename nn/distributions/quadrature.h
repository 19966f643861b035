// Gauss-Legendre quadrature over [0, 1], for divergences that are integrals of something that is nowhere below 0.
#pragma once

#include <array>

#include "tensor/real.h"

namespace GRADUS {

struct Node {
  double at, weight;
};

/// n nodes: ∫ f ≈ Σ weight·f(at), exact for polynomials of degree 2n - 1. The roots of Legendre's polynomial, one after
/// the other from above by Newton's method, those already found divided out (Maehly 1954).
template <int n>
constexpr std::array<Node, n> gauss_legendre() {
  std::array<Node, n> nodes{};
  long double roots[n] = {};
  for (int found = 0; found < n; ++found) {
    long double x = found == 0 ? 1 : roots[found - 1] - 1e-3L, slope = 0;
    for (int step = 0; step < 100; ++step) {
      long double p = 1, before = 0;
      for (int k = 1; k <= n; ++k) {
        const long double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
      }
      slope = x == 1 ? n * (n + 1) / 2.0L : n * (x * p - before) / (x * x - 1);
      long double others = 0;
      for (int k = 0; k < found; ++k) others += 1 / (x - roots[k]);
      x -= p / (slope - p * others);
    }
    roots[found] = x;
    nodes[found] = {static_cast<double>((1 + x) / 2), static_cast<double>(1 / ((1 - x * x) * slope * slope))};
  }
  return nodes;
}

/// Enough for all digits of Real where the nearest pole of f is three and a half lengths of the interval from its middle.
inline constexpr auto kNodes = gauss_legendre<sizeof(Real) == 4 ? 4 : 7>();

}  // namespace GRADUS

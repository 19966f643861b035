// eˣ - 1 - x, what divergences are made of: KL(q ‖ p) = E φ(d) under q for φ(d) = eᵈ - 1 - d and d = log p - log q, since
// E eᵈ = 1. No term is below 0, so none cancels another where q and p are nearly the same, if d itself is right there.
#pragma once

#include "autograd/dual.h"
#include "tensor/series.h"

namespace GRADUS {

namespace detail {
/// 1/2!, 1/3!, 1/4!, … : (eˣ - 1 - x)/x² for |x| ≤ ½.
inline constexpr auto kExcessSeries = [] {
  Series<20> c{};
  long double factor = 1;
  for (std::size_t k = 0; k < c.size(); ++k) c[k] = factor /= static_cast<long double>(k + 2);
  return rounded(telescoped<kSingle ? 7 : 12>(c, -0.5, 0.5));
}();
}  // namespace detail

/// eˣ - 1 - x, 8 ulp, also near 0. Its derivative is expm1(x).
inline Batch exp_excess(const Batch& x) {
  const Batch near = x * x * detail::polynomial(x, detail::kExcessSeries);
  return where(abs(x) < 0.5, near, expm1(x) - min(x, 1000));  // from 1000 on eˣ is infinite: inf, not inf - inf
}
template <class T>
Dual<T> exp_excess(Dual<T> x) {
  return {exp_excess(x.v), expm1(x.v) * x.d};
}

/// q·φ(d) where p = q·eᵈ. From d = 1 on by p itself, for there q may have vanished and eᵈ overflowed.
template <class Q, class P, class D>
auto excess_of(Q q, P p, D d) {
  return where(d < 1, q * exp_excess(min(d, 1)), p - q - q * d);
}

}  // namespace GRADUS

// Elementwise functions: one generic lambda each. The derivatives come from dual.h.
#include "autograd/elementwise.h"
#include "autograd/ops.h"

namespace GRADUS {

// Smooth functions have derivatives of every order: beside each lambda stands its slope in public ops.

Tensor exp(const Tensor& x) {
  return elementwise<"exp">(Smooth{[](auto x) { return exp(x); }, [](const Tensor& x) { return exp(x); }}, x);
}
Tensor log(const Tensor& x) {
  return elementwise<"log">(Smooth{[](auto x) { return log(x); }, [](const Tensor& x) { return 1 / x; }}, x);
}
Tensor log1p(const Tensor& x) {
  return elementwise<"log1p">(Smooth{[](auto x) { return log1p(x); }, [](const Tensor& x) { return 1 / (1 + x); }}, x);
}
Tensor expm1(const Tensor& x) {
  return elementwise<"expm1">(Smooth{[](auto x) { return expm1(x); }, [](const Tensor& x) { return exp(x); }}, x);
}
Tensor sqrt(const Tensor& x) {
  return elementwise<"sqrt">(
      Smooth{[](auto x) { return sqrt(x); }, [](const Tensor& x) { return Real(0.5) / sqrt(x); }}, x);
}

// σ′, as a function of its own: σ·(1 - σ) in ops would lose its digits far out, its derivative in this form near 0.
static Tensor sigmoid_slope(const Tensor& x) {
  return elementwise<"sigmoid′">(Smooth{[](auto x) { return sigmoid_sloped(x).slope; },
                                        [](const Tensor& x) { return -tanh(x / 2) * sigmoid_slope(x); }},
                                 x);
}
Tensor sigmoid(const Tensor& x) {
  return elementwise<"sigmoid">(
      Smooth{[](auto x) { return sigmoid(x); }, [](const Tensor& x) { return sigmoid_slope(x); }}, x);
}
Tensor tanh(const Tensor& x) {  // tanh(x) = 2·σ(2x) - 1
  return elementwise<"tanh">(
      Smooth{[](auto x) { return tanh(x); }, [](const Tensor& x) { return 4 * sigmoid_slope(2 * x); }}, x);
}
Tensor softplus(const Tensor& x) {
  return elementwise<"softplus">(Smooth{[](auto x) { return softplus(x); }, [](const Tensor& x) { return sigmoid(x); }},
                                 x);
}
Tensor erf(const Tensor& x) {
  return elementwise<"erf">(
      Smooth{[](auto x) { return erf(x); },
             [](const Tensor& x) { return 2 * std::numbers::inv_sqrtpi_v<Real> * exp(-(x * x)); }},
      x);
}
Tensor sin(const Tensor& x) {
  return elementwise<"sin">(Smooth{[](auto x) { return sin(x); }, [](const Tensor& x) { return cos(x); }}, x);
}
Tensor cos(const Tensor& x) {
  return elementwise<"cos">(Smooth{[](auto x) { return cos(x); }, [](const Tensor& x) { return -sin(x); }}, x);
}
Tensor lgamma(const Tensor& x) {
  return elementwise<"lgamma">([](auto x) { return lgamma(x); }, x);
}
Tensor digamma(const Tensor& x) {
  return elementwise<"digamma">([](auto x) { return digamma(x); }, x);
}
// As pow_dx and pow_dy of dual.h. Where a product of them would be 0·∞, the base is 1, for derivatives to come.
Tensor pow(const Tensor& x, const Tensor& y) {
  const auto by_x = [](const Tensor& x, const Tensor& y) {
    const Tensor p = pow(x, y - 1), usual = where(equal(y, scalar(0)), equal(p - p, scalar(0)), scalar(1));
    return where(usual, y * pow(where(usual, x, scalar(1)), y - 1), scalar(0));
  };
  const auto by_y = [](const Tensor& x, const Tensor& y) {
    const Tensor base = where(x, x, scalar(1));
    return where(x, pow(base, y) * log(base), scalar(0));
  };
  return elementwise<"pow">(Smooth{[](auto x, auto y) { return pow(x, y); }, by_x, by_y}, x, y);
}
Tensor pow(const Tensor& x, Real y) {
  if (y == 2) return elementwise<"pow">(Smooth{[](auto x) { return x * x; }, [](const Tensor& x) { return 2 * x; }}, x);
  if (y == 3)
    return elementwise<"pow">(Smooth{[](auto x) { return x * x * x; }, [](const Tensor& x) { return 3 * (x * x); }}, x);
  return elementwise<"pow">(Smooth{[y](auto x) { return pow(x, y); },
                                   [y](const Tensor& x) { return y == 0 ? zeros(x.shape()) : y * pow(x, y - 1); }},
                            x);
}
Tensor abs(const Tensor& x) {
  return elementwise<"abs">([](auto x) { return abs(x); }, x);
}
Tensor min(const Tensor& a, const Tensor& b) {
  return elementwise<"min">([](auto a, auto b) { return min(a, b); }, a, b);
}
Tensor max(const Tensor& a, const Tensor& b) {
  return elementwise<"max">([](auto a, auto b) { return max(a, b); }, a, b);
}
Tensor clamp(const Tensor& x, Real low, Real high) {
  check(low <= high, "[clamp] the lower bound {} is above the upper bound {}", low, high);
  return elementwise<"clamp">([low, high](auto x) { return where(x < low, low, where(x > high, high, x)); }, x);
}

Tensor relu(const Tensor& x) {
  return elementwise<"relu">([](auto x) { return where(x <= 0, 0, x); }, x);  // so that NaN stays NaN
}
Tensor elu(const Tensor& x, Real alpha) {
  return elementwise<"elu">([alpha](auto x) { return where(x > 0, x, alpha * expm1(x)); }, x);
}
Tensor leaky_relu(const Tensor& x, Real slope) {
  return elementwise<"leaky_relu">([slope](auto x) { return where(x > 0, x, slope * x); }, x);
}
Tensor silu(const Tensor& x) {
  return elementwise<"silu">(
      Smooth{[](auto x) { return x * sigmoid(x); }, [](const Tensor& x) { return sigmoid(x) + x * sigmoid_slope(x); }},
      x);
}
static Tensor normal_cdf(const Tensor& x) {
  return elementwise<"normal_cdf">(Smooth{[](auto x) { return normal_cdf(x); },
                                          [](const Tensor& x) {
                                            constexpr Real factor =
                                                std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
                                            return factor * exp(x * x * Real(-0.5));
                                          }},
                                   x);
}
Tensor gelu(const Tensor& x) {
  return elementwise<"gelu">(Smooth{[](auto x) { return x * normal_cdf(x); },
                                    [](const Tensor& x) {
                                      constexpr Real factor =
                                          std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
                                      return normal_cdf(x) + factor * x * exp(x * x * Real(-0.5));
                                    }},
                             x);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  const auto none = [](const Tensor& c, const Tensor&, const Tensor&) { return zeros(c.shape()); };
  const auto chosen = [](const Tensor& c, const Tensor&, const Tensor&) { return 1 - equal(c, scalar(0)); };
  const auto other = [](const Tensor& c, const Tensor&, const Tensor&) { return equal(c, scalar(0)); };
  return elementwise<"where">(Smooth{[](auto c, auto a, auto b) { return where(c != 0, a, b); }, none, chosen, other},
                              condition, a, b);
}
Tensor operator<(const Tensor& a, const Tensor& b) {
  return elementwise<"less">([](auto a, auto b) { return where(a < b, 1, 0); }, a, b);
}
Tensor operator<=(const Tensor& a, const Tensor& b) {
  return elementwise<"less_equal">([](auto a, auto b) { return where(a <= b, 1, 0); }, a, b);
}
Tensor operator>(const Tensor& a, const Tensor& b) {
  return elementwise<"greater">([](auto a, auto b) { return where(a > b, 1, 0); }, a, b);
}
Tensor operator>=(const Tensor& a, const Tensor& b) {
  return elementwise<"greater_equal">([](auto a, auto b) { return where(a >= b, 1, 0); }, a, b);
}
Tensor equal(const Tensor& a, const Tensor& b) {
  return elementwise<"equal">([](auto a, auto b) { return where(a == b, 1, 0); }, a, b);
}

}  // namespace GRADUS

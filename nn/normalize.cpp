#include "nn/normalize.h"

#include "autograd/elementwise.h"

namespace gradus::inline GRADUS_FLAVOUR {

Moments moments(const Tensor& x, const Axes& axes) {
  const Tensor m = mean(x, axes, keepdim);
  const auto squared_distance = [](auto x, auto m) { return (x - m) * (x - m); };
  return {m, mean(elementwise<"squared_distance">(squared_distance, x, m), axes, keepdim)};
}

Tensor normalize(const Tensor& x, const Moments& moments, const Tensor& weight, const Tensor& bias, Real epsilon) {
  const Tensor scale = elementwise<"inverse_deviation">([epsilon](auto v) { return 1 / sqrt(v + epsilon); },
                                                        moments.variance);
  return elementwise<"normalize">([](auto x, auto mean, auto s, auto w, auto b) { return (x - mean) * s * w + b; }, x,
                                  moments.mean, scale, weight, bias);
}

}  // namespace gradus::inline GRADUS_FLAVOUR

#include "nn/normalize.h"

#include "autograd/elementwise.h"

namespace GRADUS {

Moments moments(const Tensor& x, const Axes& axes) {
  const Tensor m = mean(x, axes, keepdim);
  const auto squared_distance = [](auto x, auto m) { return (x - m) * (x - m); };
  return {m, mean(elementwise<"squared_distance">(squared_distance, x, m), axes, keepdim)};
}

static Tensor inverse_deviation(const Tensor& variance, Real epsilon) {
  return elementwise<"inverse_deviation">([epsilon](auto v) { return 1 / sqrt(v + epsilon); }, variance);
}

Tensor normalize(const Tensor& x, const Moments& moments, const Tensor& weight, const Tensor& bias, Real epsilon) {
  return elementwise<"normalize">([](auto x, auto mean, auto s, auto w, auto b) { return (x - mean) * s * w + b; }, x,
                                  moments.mean, inverse_deviation(moments.variance, epsilon), weight, bias);
}

// ŷ = (x - mean)·scale, where mean and scale come from x. All of the derivative is in the VJP by x, in the closed form
// of Ioffe and Szegedy, so the two have none of their own here. They are no hidden intermediates: a tape for which the
// VJP is computed knows scale, and how it depends on x.
static Tensor standardize(const Tensor& x, const Tensor& mean_of_x, const Tensor& scale, const Axes& axes) {
  Tensor y(x.shape());
  kernel::map([](Batch x, Batch m, Batch s) { return (x - m) * s; }, y.write(),
              {x.view(), kernel::broadcast_view(mean_of_x.view(), x.shape()),
               kernel::broadcast_view(scale.view(), x.shape())});
  return record("standardize", y, arg(x, [y, scale, axes](const Tensor& g) {
                  return elementwise<"standardize_vjp">(
                      [](auto g, auto mean_g, auto y, auto mean_gy, auto s) { return (g - mean_g - y * mean_gy) * s; },
                      g, mean(g, axes, keepdim), y, mean(g * y, axes, keepdim), scale);
                }),
                arg(mean_of_x), arg(scale));
}

Tensor normalize_by_own(const Tensor& x, const Moments& own, const Axes& axes, const Tensor& weight, const Tensor& bias,
                        Real epsilon) {
  const Tensor y = standardize(x, own.mean, inverse_deviation(own.variance, epsilon), axes);
  Tensor out(x.shape());
  kernel::map([](Batch y, Batch w, Batch b) { return y * w + b; }, out.write(),
              {y.view(), kernel::broadcast_view(weight.view(), x.shape()),
               kernel::broadcast_view(bias.view(), x.shape())});
  return record("scale_shift", out, arg(y, [weight](const Tensor& g) { return g * weight; }),
                arg(weight, [y, to = weight.shape()](const Tensor& g) { return sum_to(g * y, to); }),
                arg(bias, [to = bias.shape()](const Tensor& g) { return sum_to(g, to); }));
}

}  // namespace GRADUS

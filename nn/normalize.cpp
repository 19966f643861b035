#include "nn/normalize.h"

#include <cmath>
#include <optional>

#include "autograd/elementwise.h"

namespace GRADUS {

// Beyond these a variance, or what its derivatives make of it, leaves the range of numbers though they do not.
static constexpr Real kLarge = sizeof(Real) == 4 ? 0x1p63 : 0x1p511, kSmall = 1 / kLarge;

/// Where a variance is beyond the limits, for each group the power of two that brings its largest number near 1, and 1
/// for groups that need none: their bits stay.
static std::optional<Tensor> scale_for(const Tensor& x, const Tensor& variance, const Axes& axes, Real least) {
  const auto harmless = [&](Real v) { return v >= least && v <= kLarge; };  // NaN is not
  const Tensor read = detach_contiguous(variance);
  const std::span<const Real> v(read.view().data, read.numel());
  if (std::ranges::all_of(v, harmless)) return {};
  const Pause no_derivatives;
  Tensor scale = max(abs(x), axes, keepdim);
  Real* s = scale.write().data;
  for (std::size_t i = 0; i < v.size(); ++i) {
    constexpr int most = std::numeric_limits<Real>::max_exponent - 8;  // so that a scale and its inverse are normal
    int exponent = 0;
    if (!harmless(v[i]) && std::isfinite(s[i])) std::frexp(s[i], &exponent);
    s[i] = std::ldexp(Real(1), std::clamp(-exponent, -most, most));
  }
  return scale;
}

static Moments plain_moments(const Tensor& x, const Axes& axes) {
  const Tensor m = mean(x, axes, keepdim);
  const auto squared_distance = [](auto x, auto m) { return (x - m) * (x - m); };
  return {m, mean(elementwise<"squared_distance">(squared_distance, x, m), axes, keepdim)};
}

Moments moments(const Tensor& x, const Axes& axes) {
  const Moments plain = plain_moments(x, axes);
  const std::optional<Tensor> s = scale_for(x, plain.variance, axes, 0);
  if (!s) return plain;
  const Moments scaled = plain_moments(x * *s, axes);
  return {scaled.mean / *s, scaled.variance / *s / *s};
}

/// Of what has been multiplied by `scale`, with the epsilon of what it was before.
static Tensor inverse_deviation(const Tensor& variance, const Tensor& scale, Real epsilon) {
  return elementwise<"inverse_deviation">([epsilon](auto v, auto s) { return 1 / sqrt(v + epsilon * s * s); }, variance,
                                          scale);
}

Tensor normalize(const Tensor& x, const Moments& moments, const Tensor& weight, const Tensor& bias, Real epsilon) {
  return elementwise<"normalize">([](auto x, auto mean, auto s, auto w, auto b) { return (x - mean) * s * w + b; }, x,
                                  moments.mean, inverse_deviation(moments.variance, scalar(1), epsilon), weight, bias);
}

// ŷ = (x - mean)·scale, where mean and scale come from x. All of the derivative is in the VJP by x, in the closed form
// of Ioffe and Szegedy, so the two have none of their own here. They are not hidden intermediates: a tape for which the
// VJP is computed knows scale, and how it depends on x.
static Tensor standardize(const Tensor& x, const Tensor& mean_of_x, const Tensor& scale, const Axes& axes) {
  Tensor y(x.shape());
  kernel::map(
      [](Batch x, Batch m, Batch s) { return (x - m) * s; }, y.write(),
      {x.view(), kernel::broadcast_view(mean_of_x.view(), x.shape()), kernel::broadcast_view(scale.view(), x.shape())});
  return record(
      "standardize", y,
      arg(x,
          [y, scale, axes](const Tensor& g) {
            return elementwise<"standardize_vjp">(
                [](auto g, auto mean_g, auto y, auto mean_gy, auto s) { return (g - mean_g - y * mean_gy) * s; }, g,
                mean(g, axes, keepdim), y, mean(g * y, axes, keepdim), scale);
          }),
      arg(mean_of_x), arg(scale));
}

/// Numbers times a power of two have the same ŷ, if epsilon takes part, and moments that can be computed with.
static Tensor standardize(const Tensor& x, const Moments& own, const Axes& axes, Real epsilon) {
  const std::optional<Tensor> s = scale_for(x, own.variance, axes, epsilon < kSmall ? kSmall : 0);
  if (!s) return standardize(x, own.mean, inverse_deviation(own.variance, scalar(1), epsilon), axes);
  const Tensor scaled = x * *s;
  const Moments its = plain_moments(scaled, axes);
  return standardize(scaled, its.mean, inverse_deviation(its.variance, *s, epsilon), axes);
}

Tensor normalize_by_own(const Tensor& x, const Moments& own, const Axes& axes, const Tensor& weight, const Tensor& bias,
                        Real epsilon) {
  const Tensor y = standardize(x, own, axes, epsilon);
  Tensor out(x.shape());
  kernel::map(
      [](Batch y, Batch w, Batch b) { return y * w + b; }, out.write(),
      {y.view(), kernel::broadcast_view(weight.view(), x.shape()), kernel::broadcast_view(bias.view(), x.shape())});
  return record("scale_shift", out, arg(y, [weight](const Tensor& g) { return g * weight; }),
                arg(weight, [y, to = weight.shape()](const Tensor& g) { return sum_to(g * y, to); }),
                arg(bias, [to = bias.shape()](const Tensor& g) { return sum_to(g, to); }));
}

}  // namespace GRADUS

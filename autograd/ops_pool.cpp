// Pooling: windows of an image to one number each, and numbers to windows.
#include "autograd/op.h"
#include "autograd/ops.h"
#include "autograd/window_sizes.h"
#include "tensor/parallel.h"
#include "tensor/windows.h"

namespace GRADUS {
namespace {

using kernel::Windows;

Windows windows_of(const char* op, const Tensor& x, const Pair& window, const PoolSettings& settings) {
  check(x.rank() == 4, "[{}] images {} are not (N, C, H, W)", op, x.shape());
  const auto [h, w] = settings.stride;
  const Pair stride(h == 0 ? window.h : h, w == 0 ? window.w : w);
  const detail::Sizes sizes(op, window, {.stride = stride, .padding = settings.padding, .dilation = settings.dilation});
  const Pair& padding = settings.padding;
  check(2 * padding.h <= window.h && 2 * padding.w <= window.w,
        "[{}] padding {} x {} is more than half of a window of {} x {}", op, padding.h, padding.w, window.h, window.w);
  const Pair count = sizes.maps(x.shape(), settings.ceil_mode);
  const auto sees = [&](std::int64_t extent, std::int64_t windows, std::int64_t width, std::int64_t stride,
                        std::int64_t padding, std::int64_t dilation) {
    for (std::int64_t i = 0; i < windows && i * stride < padding; ++i) {  // those that begin in the padding
      const std::int64_t steps = ceil_div(padding - i * stride, dilation);
      check(steps < width && i * stride - padding + steps * dilation < extent,
            "[{}] a window of {} x {} sees nothing of an image {}, only padding", op, window.h, window.w, x.shape());
    }
  };
  sees(x.shape()[2], count.h, window.h, stride.h, padding.h, settings.dilation.h);
  sees(x.shape()[3], count.w, window.w, stride.w, padding.w, settings.dilation.w);
  return {window, stride, padding, settings.dilation, count};
}

/// The last two axes as images of their own: (N, C, H, W) -> (N·C, H, W).
Shape planes(const Shape& shape) { return {shape[0] * shape[1], shape[2], shape[3]}; }
View as_planes(const View& view) {
  const Shape shape = planes(view.shape);
  return {view.data, shape, contiguous_strides(shape)};
}

Tensor means(const Tensor& x, const Windows& windows);

/// The transpose of means: (N, C, h, w) -> images (N, C, H, W).
Tensor spread(const Tensor& g, const Windows& windows, const Shape& images) {
  Tensor x(images);
  kernel::spread_mean(reshape(detach(g), planes(g.shape())).view(), windows, as_planes(x.write()));
  return record("spread_mean", x, arg(g, [windows](const Tensor& h) { return means(h, windows); }));
}

Tensor means(const Tensor& x, const Windows& windows) {
  Tensor y({x.shape()[0], x.shape()[1], windows.count.h, windows.count.w});
  kernel::window_mean(reshape(detach(x), planes(x.shape())).view(), windows, as_planes(y.write()));
  return record("avg_pool2d", y,
                arg(x, [windows, images = x.shape()](const Tensor& g) { return spread(g, windows, images); }));
}

}  // namespace

Tensor avg_pool2d(const Tensor& x, const Pair& window, const PoolSettings& settings) {
  check(settings.dilation.h == 1 && settings.dilation.w == 1, "[avg_pool2d] dilation is for max_pool2d alone");
  return means(x, windows_of("avg_pool2d", x, window, settings));
}

// As a gather of the largest, so that its derivative is gather's.
Tensor max_pool2d(const Tensor& x, const Pair& window, const PoolSettings& settings) {
  const Windows windows = windows_of("max_pool2d", x, window, settings);
  const auto [h, w] = windows.count;
  const Shape shape = planes(x.shape());
  const Tensor flat = reshape(x, {shape[0], shape[1] * shape[2]});
  Indices largest(Shape{shape[0], h * w});
  kernel::window_argmax(reshape(detach(flat), shape).view(), windows, largest.values.data());
  return reshape(gather(flat, 1, largest), {x.shape()[0], x.shape()[1], h, w});
}

Tensor upsample_nearest2d(const Tensor& x, const Pair& factors) {
  check(x.rank() == 4, "[upsample_nearest2d] images {} are not (N, C, H, W)", x.shape());
  check(factors.h >= 1 && factors.w >= 1, "[upsample_nearest2d] cannot repeat pixels {} x {} times", factors.h,
        factors.w);
  const Shape& s = x.shape();
  const std::int64_t height = checked_mul(s[2], factors.h), width = checked_mul(s[3], factors.w);
  const Tensor apart = reshape(x, {s[0], s[1], s[2], 1, s[3], 1});
  return reshape(broadcast_to(apart, {s[0], s[1], s[2], factors.h, s[3], factors.w}), {s[0], s[1], height, width});
}

}  // namespace GRADUS

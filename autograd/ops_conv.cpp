// Convolutions and pooling. Convolution is linear in the image and in the weight; itself, its transpose and its
// gradient by the weight are each other's VJPs: so they have derivatives of every order.
#include <algorithm>
#include <utility>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/window_argmax.h"

namespace GRADUS {
namespace {

/// How many numbers of the image a window spans along an axis.
std::int64_t span_of(std::int64_t window, std::int64_t dilation) {
  return checked_add(checked_mul(window - 1, dilation), 1);
}

struct Sizes {
  const char* op;
  Pair window;
  ConvSettings s;

  Sizes(const char* op, const Pair& window, const ConvSettings& s) : op(op), window(window), s(s) {
    const auto both = [](const Pair& pair, std::int64_t least) { return pair.h >= least && pair.w >= least; };
    check(both(window, 1), "[{}] a window of {} x {} sees nothing", op, window.h, window.w);
    check(both(s.stride, 1), "[{}] stride {} x {} must be at least 1", op, s.stride.h, s.stride.w);
    check(both(s.dilation, 1), "[{}] dilation {} x {} must be at least 1", op, s.dilation.h, s.dilation.w);
    check(s.groups >= 1, "[{}] groups must be at least 1, not {}", op, s.groups);
    check(both(s.padding, 0), "[{}] cannot pad by {} x {}", op, s.padding.h, s.padding.w);
  }

  /// Of the maps that an image (…, H, W) gives.
  Pair maps(const Shape& image) const {
    const auto along = [&](std::int64_t extent, std::int64_t width, std::int64_t stride, std::int64_t padding,
                           std::int64_t dilation) {
      check(extent >= 1, "[{}] there is nothing in images of shape {}", op, image);
      const std::int64_t padded = checked_add(extent, checked_mul(2, padding)), span = span_of(width, dilation);
      check(padded >= span, "[{}] a window that spans {} does not fit into {} of an image {}, padding included", op,
            span, padded, image);
      return (padded - span) / stride + 1;
    };
    const int rank = image.rank();
    return {along(image[rank - 2], window.h, s.stride.h, s.padding.h, s.dilation.h),
            along(image[rank - 1], window.w, s.stride.w, s.padding.w, s.dilation.w)};
  }
  /// Of the image that maps (…, h, w) are transposed to.
  Pair image(const Shape& maps) const {
    const auto along = [&](std::int64_t extent, std::int64_t width, std::int64_t stride, std::int64_t padding,
                           std::int64_t dilation, std::int64_t more) {
      check(more >= 0 && (more < stride || more < dilation),
            "[{}] output_padding is {}, but must be from 0 to {}: less than the stride or the dilation", op, more,
            std::max(stride, dilation) - 1);
      check(extent >= 1, "[{}] there is nothing in maps of shape {}", op, maps);
      const std::int64_t end = checked_add(span_of(width, dilation), more);
      const std::int64_t padded = checked_add(checked_mul(extent - 1, stride), end);
      check(padded > checked_mul(2, padding), "[{}] padding {} leaves nothing of {} rows or columns", op, padding,
            padded);
      return padded - 2 * padding;
    };
    return {along(maps[2], window.h, s.stride.h, s.padding.h, s.dilation.h, s.output_padding.h),
            along(maps[3], window.w, s.stride.w, s.padding.w, s.dilation.w, s.output_padding.w)};
  }
  /// The settings that transpose maps to an image of that shape.
  ConvSettings back_to(const Shape& image) const {
    ConvSettings back = s;
    back.output_padding = {(image[2] + 2 * s.padding.h - span_of(window.h, s.dilation.h)) % s.stride.h,
                           (image[3] + 2 * s.padding.w - span_of(window.w, s.dilation.w)) % s.stride.w};
    return back;
  }
  /// How often output_padding holds the stride.
  Pair strides_beyond() const { return {s.output_padding.h / s.stride.h, s.output_padding.w / s.stride.w}; }
  ConvSettings forth() const {
    ConvSettings forth = s;
    forth.output_padding = 0;
    return forth;
  }
};

void check_bias(const char* op, const Tensor* bias, std::int64_t channels) {
  if (bias)
    check(bias->rank() == 1 && bias->shape()[0] == channels,
          "[{}] bias {} is not ({}), one number for each channel of the result", op, bias->shape(), channels);
}
Tensor start_of(const Tensor* bias) {
  return bias ? detach_contiguous(*bias) : Tensor();
}
Tensor sum_to_bias(const Tensor& g) { return sum(g, {0, 2, 3}); }

void check_images(const char* op, const Tensor& x, const Tensor& weight, const char* weight_shape) {
  check(x.rank() == 4 && weight.rank() == 4, "[{}] images {} and weight {} are not (N, C, H, W) and {}{}", op,
        x.shape(), weight.shape(), weight_shape,
        x.rank() == 3 ? "\nhelp: give a single image a batch axis of 1, by reshape" : "");
}

void check_no_output_padding(const char* op, const ConvSettings& settings) {
  check(settings.output_padding.h == 0 && settings.output_padding.w == 0,
        "[{}] output_padding is for conv_transpose2d alone", op);
}

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor* bias, const ConvSettings& settings) {
  const char* op = "conv2d";
  check_images(op, x, weight, "(O, C/groups, kh, kw)");
  const Sizes sizes(op, {weight.shape()[2], weight.shape()[3]}, settings);
  check_no_output_padding(op, settings);
  const std::int64_t outputs = weight.shape()[0];
  check(x.shape()[1] == checked_mul(weight.shape()[1], settings.groups) && outputs % settings.groups == 0,
        "[conv2d] images {} do not fit weight {}, which is (O, C/groups, kh, kw), in {} groups", x.shape(),
        weight.shape(), settings.groups);
  check_bias(op, bias, outputs);
  const Pair out = sizes.maps(x.shape());
  Tensor y({x.shape()[0], outputs, out.h, out.w});
  kernel::conv2d(x.view(), weight.view(), start_of(bias).view().data, y.write(), settings);
  auto dx = arg(x, [weight, back = sizes.back_to(x.shape())](const Tensor& g) {
    return conv_transpose2d(g, weight, back);
  });
  auto dw = arg(weight, [x, sizes](const Tensor& g) { return conv2d_weight(x, g, sizes.window, sizes.s); });
  if (!bias) return record(op, y, std::move(dx), std::move(dw));
  return record(op, y, std::move(dx), std::move(dw), arg(*bias, sum_to_bias));
}

Tensor transpose_convolve(const Tensor& x, const Tensor& weight, const Tensor* bias, const ConvSettings& settings) {
  const char* op = "conv_transpose2d";
  check_images(op, x, weight, "(C, O/groups, kh, kw)");
  const Sizes sizes(op, {weight.shape()[2], weight.shape()[3]}, settings);
  check(x.shape()[1] == weight.shape()[0] && x.shape()[1] % settings.groups == 0,
        "[conv_transpose2d] images {} do not fit weight {}, which is (C, O/groups, kh, kw), in {} groups", x.shape(),
        weight.shape(), settings.groups);
  const std::int64_t outputs = checked_mul(weight.shape()[1], settings.groups);
  check_bias(op, bias, outputs);
  const Pair out = sizes.image(x.shape()), beyond = sizes.strides_beyond();
  if (beyond.h > 0 || beyond.w > 0) {  // more of the image than maps have reached: as if by maps of zeros
    ConvSettings rest = settings;
    rest.output_padding.h %= settings.stride.h;
    rest.output_padding.w %= settings.stride.w;
    return transpose_convolve(pad(pad(x, 2, 0, beyond.h), 3, 0, beyond.w), weight, bias, rest);
  }
  Tensor y({x.shape()[0], outputs, out.h, out.w});
  kernel::conv_transpose2d(x.view(), weight.view(), start_of(bias).view().data, y.write(), settings);
  auto dx = arg(x, [weight, s = sizes.forth()](const Tensor& g) { return conv2d(g, weight, s); });
  auto dw = arg(weight, [x, window = sizes.window, s = sizes.forth()](const Tensor& g) {
    return conv2d_weight(g, x, window, s);
  });
  if (!bias) return record(op, y, std::move(dx), std::move(dw));
  return record(op, y, std::move(dx), std::move(dw), arg(*bias, sum_to_bias));
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const ConvSettings& settings) {
  return convolve(x, weight, nullptr, settings);
}
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvSettings& settings) {
  return convolve(x, weight, &bias, settings);
}
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const ConvSettings& settings) {
  return transpose_convolve(x, weight, nullptr, settings);
}
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvSettings& settings) {
  return transpose_convolve(x, weight, &bias, settings);
}

Tensor conv2d_weight(const Tensor& x, const Tensor& g, const Pair& window, const ConvSettings& settings) {
  const Sizes sizes("conv2d_weight", window, settings);
  check_no_output_padding("conv2d_weight", settings);
  check(x.rank() == 4 && g.rank() == 4,
        "[conv2d_weight] images {} and gradients {} are not (N, C, H, W) and (N, O, h, w)", x.shape(), g.shape());
  const Pair out = sizes.maps(x.shape());
  check(g.shape()[0] == x.shape()[0] && g.shape()[2] == out.h && g.shape()[3] == out.w &&
            x.shape()[1] % settings.groups == 0 && g.shape()[1] % settings.groups == 0,
        "[conv2d_weight] gradients {} are not those of a convolution of {} with windows of {} x {} in {} groups",
        g.shape(), x.shape(), window.h, window.w, settings.groups);
  Tensor weight({g.shape()[1], x.shape()[1] / settings.groups, window.h, window.w});
  kernel::conv2d_weight(x.view(), g.view(), weight.write(), settings);
  return record("conv2d_weight", weight,
                arg(x, [g, back = sizes.back_to(x.shape())](const Tensor& h) { return conv_transpose2d(g, h, back); }),
                arg(g, [x, settings](const Tensor& h) { return conv2d(x, h, settings); }));
}

// ----- pooling ------------------------------------------------------------------------------------------------

static Sizes pool_sizes(const char* op, const Tensor& x, const Pair& window, const PoolSettings& settings) {
  check(x.rank() == 4, "[{}] images {} are not (N, C, H, W)", op, x.shape());
  const auto [h, w] = settings.stride;
  const Pair stride(h == 0 ? window.h : h, w == 0 ? window.w : w);
  const Sizes sizes(op, window, {.stride = stride, .padding = settings.padding});
  check(2 * sizes.s.padding.h <= window.h && 2 * sizes.s.padding.w <= window.w,
        "[{}] padding {} x {} is more than half of a window of {} x {}", op, sizes.s.padding.h, sizes.s.padding.w,
        window.h, window.w);
  return sizes;
}

// As a gather of the largest, so that its derivative is gather's.
Tensor max_pool2d(const Tensor& x, const Pair& window, const PoolSettings& settings) {
  const Sizes sizes = pool_sizes("max_pool2d", x, window, settings);
  const Pair out = sizes.maps(x.shape());
  const std::int64_t planes = x.shape()[0] * x.shape()[1], pixels = x.shape()[2] * x.shape()[3];
  const Tensor flat = reshape(x, {planes, pixels});
  Indices largest(Shape{planes, out.h * out.w});
  kernel::window_argmax({flat.view().data, {planes, x.shape()[2], x.shape()[3]}, {pixels, x.shape()[3], 1}}, window,
                        sizes.s.stride, sizes.s.padding, out, largest.values.data());
  return reshape(gather(flat, 1, largest), {x.shape()[0], x.shape()[1], out.h, out.w});
}

// As a convolution of each channel on its own.
Tensor avg_pool2d(const Tensor& x, const Pair& window, const PoolSettings& settings) {
  const Sizes sizes = pool_sizes("avg_pool2d", x, window, settings);
  const Pair out = sizes.maps(x.shape());
  const Tensor planes = reshape(x, {x.shape()[0] * x.shape()[1], 1, x.shape()[2], x.shape()[3]});
  const Tensor weight = full({1, 1, window.h, window.w}, 1 / static_cast<Real>(window.h * window.w));
  return reshape(conv2d(planes, weight, sizes.s), {x.shape()[0], x.shape()[1], out.h, out.w});
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

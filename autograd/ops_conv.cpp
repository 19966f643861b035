// Convolutions. Convolution is linear in the image and in the weight; itself, its transpose and its
// gradient by the weight are each other's VJPs: so they have derivatives of every order.
#include <utility>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "autograd/window_sizes.h"

namespace GRADUS {

using detail::Sizes;

namespace {

void check_bias(const char* op, const Tensor* bias, std::int64_t channels) {
  if (bias)
    check(bias->rank() == 1 && bias->shape()[0] == channels,
          "[{}] bias {} is not ({}), one number for each channel of the result", op, bias->shape(), channels);
}
Tensor start_of(const Tensor* bias) { return bias ? detach_contiguous(*bias) : Tensor(); }
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
  auto dx =
      arg(x, [weight, back = sizes.back_to(x.shape())](const Tensor& g) { return conv_transpose2d(g, weight, back); });
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

// ----- along one axis: images of height 1 ------------------------------------------------------------------------

static Tensor convolve_sequences(const Tensor& x, const Tensor& weight, const Tensor* bias, const Conv1dSettings& s) {
  const char* op = "conv1d";
  check(x.rank() == 3 && weight.rank() == 3,
        "[conv1d] sequences {} and weight {} are not (N, C, L) and (O, C/groups, k)", x.shape(), weight.shape());
  const Shape &in = x.shape(), &w = weight.shape();
  const ConvSettings settings{
      .stride = {1, s.stride}, .padding = {0, s.padding}, .dilation = {1, s.dilation}, .groups = s.groups};
  Sizes(op, {1, w[2]}, settings).maps({1, in[2]});  // fits
  check(in[1] == checked_mul(w[1], s.groups) && w[0] % s.groups == 0,
        "[conv1d] sequences {} do not fit weight {}, which is (O, C/groups, k), in {} groups", in, w, s.groups);
  check_bias(op, bias, w[0]);
  const auto as_image = [](const Tensor& t) { return reshape(t, t.shape().inserted(2, 1)); };
  const Tensor y = convolve(as_image(x), as_image(weight), bias, settings);
  return reshape(y, y.shape().without(2));
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Conv1dSettings& settings) {
  return convolve_sequences(x, weight, nullptr, settings);
}
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv1dSettings& settings) {
  return convolve_sequences(x, weight, &bias, settings);
}

}  // namespace GRADUS

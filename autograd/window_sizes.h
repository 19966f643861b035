// How many windows an image has, and the image that so many come from: the arithmetic of convolution and pooling, and
// what their settings must be.
#pragma once

#include <algorithm>

#include "tensor/conv.h"

namespace GRADUS::detail {

/// How many numbers of the image a window spans along an axis.
inline std::int64_t span_of(std::int64_t window, std::int64_t dilation) {
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

  /// Of the maps that an image (…, H, W) gives; with `rounded_up` a last window may reach beyond the padding, but not
  /// begin in it.
  Pair maps(const Shape& image, bool rounded_up = false) const {
    const auto along = [&](std::int64_t extent, std::int64_t width, std::int64_t stride, std::int64_t padding,
                           std::int64_t dilation) {
      check(extent >= 1, "[{}] there is nothing in images of shape {}", op, image);
      const std::int64_t padded = checked_add(extent, checked_mul(2, padding)), span = span_of(width, dilation);
      const std::int64_t room = checked_add(padded, rounded_up ? stride - 1 : 0);
      check(room >= span, "[{}] a window that spans {} does not fit into {} of an image {}, padding included", op, span,
            padded, image);
      const std::int64_t count = (room - span) / stride + 1;
      return rounded_up && (count - 1) * stride >= extent + padding ? count - 1 : count;
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

}  // namespace GRADUS::detail

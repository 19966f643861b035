// Convolutions against seven nested loops that know nothing of planes, columns or pieces, on small integers, where
// every order of additions gives the same number.
#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <vector>

#include "tensor/conv.h"
#include "tensor/parallel.h"

using namespace gradus;

namespace {

struct Case {
  std::int64_t samples, channels;  // of the image, all groups
  Pair image;
  std::int64_t outputs;  // of the maps, all groups
  Pair window;
  ConvSettings s;

  Pair maps() const {
    return {(image.h + 2 * s.padding.h - s.dilation.h * (window.h - 1) - 1) / s.stride.h + 1,
            (image.w + 2 * s.padding.w - s.dilation.w * (window.w - 1) - 1) / s.stride.w + 1};
  }
  Shape image_shape() const { return {samples, channels, image.h, image.w}; }
  Shape weight_shape() const { return {outputs, channels / s.groups, window.h, window.w}; }
  Shape maps_shape() const { return {samples, outputs, maps().h, maps().w}; }

  /// Calls f(n, o, y, x, C, c, i, j, Y, X) for every product in the definition: C of the image is c of the weight.
  template <class F>
  void for_each_product(const F& f) const {
    const std::int64_t o_per_group = outputs / s.groups, c_per_group = channels / s.groups;
    for (std::int64_t n = 0; n < samples; ++n)
      for (std::int64_t o = 0; o < outputs; ++o)
        for (std::int64_t y = 0; y < maps().h; ++y)
          for (std::int64_t x = 0; x < maps().w; ++x)
            for (std::int64_t c = 0; c < c_per_group; ++c)
              for (std::int64_t i = 0; i < window.h; ++i)
                for (std::int64_t j = 0; j < window.w; ++j) {
                  const std::int64_t Y = y * s.stride.h + i * s.dilation.h - s.padding.h;
                  const std::int64_t X = x * s.stride.w + j * s.dilation.w - s.padding.w;
                  if (Y < 0 || Y >= image.h || X < 0 || X >= image.w) continue;
                  f(n, o, y, x, o / o_per_group * c_per_group + c, c, i, j, Y, X);
                }
  }
};

/// Numbers in memory of exactly their size and the kAlignment bytes that may be read behind them, in one of several
/// layouts; everything between and behind them is NaN.
struct Numbers {
  std::vector<Real> memory;
  View view;

  Numbers(const Shape& shape, int layout, int seed) {
    Strides strides = contiguous_strides(shape);
    if (layout == 1)  // channels last
      strides = {shape[1] * shape[2] * shape[3], 1, shape[3] * shape[1], shape[1]};
    if (layout == 2)  // spread
      for (int axis = 0; axis < 4; ++axis) strides[axis] = 2 * strides[axis] + (axis < 2 ? 3 : 0);
    std::int64_t size = shape.numel() == 0 ? 0 : 1;
    for (int axis = 0; size > 0 && axis < 4; ++axis) size += (shape[axis] - 1) * strides[axis];
    memory.assign(size + kAlignment / sizeof(Real), std::numeric_limits<Real>::quiet_NaN());
    view = {memory.data(), shape, strides};
    std::int64_t i = seed;
    each([&](Real& number) { ++i, number = static_cast<Real>(i * i % 7 + i % 3 - 4); });
  }
  std::vector<Real> values() {
    std::vector<Real> all;
    each([&](Real& number) { all.push_back(number); });
    return all;
  }
  template <class F>
  void each(const F& f) {
    for (std::int64_t n = 0; n < view.shape[0]; ++n)
      for (std::int64_t c = 0; c < view.shape[1]; ++c)
        for (std::int64_t y = 0; y < view.shape[2]; ++y)
          for (std::int64_t x = 0; x < view.shape[3]; ++x) f(view(n, c, y, x));
  }
};

constexpr Real kSentinel = Real(-12345.5);

/// What `kernel` writes, or one number that is in no result when it wrote beside it.
std::vector<Real> written(const Shape& shape, const std::function<void(const View&)>& kernel) {
  constexpr int margin = 40;
  std::vector<Real> memory(shape.numel() + 2 * margin, kSentinel);
  kernel({memory.data() + margin, shape, contiguous_strides(shape)});
  for (int i = 0; i < margin; ++i)
    if (memory[i] != kSentinel || memory[memory.size() - 1 - i] != kSentinel) return {kSentinel};
  return {memory.begin() + margin, memory.end() - margin};
}

/// How many of the three kernels are not exact, in all layouts.
int wrong(const Case& c) {
  int count = 0;
  for (const int layout : {0, 1, 2}) {
    Numbers image(c.image_shape(), layout, 1), weight(c.weight_shape(), layout, 2), maps(c.maps_shape(), layout, 3);
    Numbers sum_image(c.image_shape(), 0, 0), sum_weight(c.weight_shape(), 0, 0), sum_maps(c.maps_shape(), 0, 0);
    std::vector<Real> o_bias(c.outputs), c_bias(c.channels);
    for (std::size_t i = 0; i < o_bias.size(); ++i) o_bias[i] = static_cast<Real>(i % 5);
    for (std::size_t i = 0; i < c_bias.size(); ++i) c_bias[i] = static_cast<Real>(i % 4) - 2;
    std::int64_t at = 0;
    const auto channel_of = [&](const Shape& shape) { return at++ / (shape[2] * shape[3]) % shape[1]; };
    sum_maps.each([&](Real& number) { number = o_bias[channel_of(c.maps_shape())]; });
    at = 0;
    sum_image.each([&](Real& number) { number = c_bias[channel_of(c.image_shape())]; });
    sum_weight.each([&](Real& number) { number = 0; });
    c.for_each_product([&](auto n, auto o, auto y, auto x, auto C, auto in_group, auto i, auto j, auto Y, auto X) {
      sum_maps.view(n, o, y, x) += image.view(n, C, Y, X) * weight.view(o, in_group, i, j);
      sum_image.view(n, C, Y, X) += maps.view(n, o, y, x) * weight.view(o, in_group, i, j);
      sum_weight.view(o, in_group, i, j) += image.view(n, C, Y, X) * maps.view(n, o, y, x);
    });
    count += written(c.maps_shape(), [&](const View& out) {
               kernel::conv2d(image.view, weight.view, o_bias.data(), out, c.s);
             }) != sum_maps.values();
    count += written(c.image_shape(), [&](const View& out) {
               kernel::conv_transpose2d(maps.view, weight.view, c_bias.data(), out, c.s);
             }) != sum_image.values();
    count += written(c.weight_shape(), [&](const View& out) {
               kernel::conv2d_weight(image.view, maps.view, out, c.s);
             }) != sum_weight.values();
  }
  return count;
}

}  // namespace

TEST_CASE("conv: exact for every combination of window, stride, padding and dilation") {
  int count = 0;
  for (const std::int64_t window : {1, 2, 3, 4})
    for (const std::int64_t stride : {1, 2, 3})
      for (const std::int64_t padding : {0, 1, 3})
        for (const std::int64_t dilation : {1, 2})
          count += wrong({.samples = 2,
                          .channels = 2,
                          .image = {8, 11},
                          .outputs = 3,
                          .window = {window, 2},
                          .s = {.stride = {stride, 1}, .padding = {padding, 0}, .dilation = {dilation, 1}}}) +
                   wrong({.samples = 1,
                          .channels = 1,
                          .image = {9, 8},
                          .outputs = 2,
                          .window = {1, window},
                          .s = {.stride = {2, stride}, .padding = {1, padding}, .dilation = {1, dilation}}});
  CHECK(count == 0);
}

TEST_CASE("conv: exact for every width of image up to 40, and of stacks of samples") {
  int count = 0;
  for (int width = 1; width <= 40; ++width)
    count += wrong({.samples = 1 + width % 3,
                    .channels = 2,
                    .image = {3, width},
                    .outputs = 2,
                    .window = 3,
                    .s = {.stride = {1, 1 + width % 2}, .padding = 1}});
  for (const std::int64_t samples : {1, 7, 20, 130})
    count += wrong(
        {.samples = samples, .channels = 3, .image = 7, .outputs = 17, .window = 3, .s = {.stride = 2, .padding = 1}});
  CHECK(count == 0);
}

TEST_CASE("conv: exact with groups, also one for each channel") {
  int count = 0;
  for (const std::int64_t groups : {1, 2, 3, 6})
    count += wrong({.samples = 3,
                    .channels = 6,
                    .image = {5, 6},
                    .outputs = 12,
                    .window = {3, 2},
                    .s = {.stride = {2, 1}, .padding = 1, .groups = groups}});
  CHECK(count == 0);
}

TEST_CASE("conv: exact where a sample is cut into pieces, and a sum of products into blocks") {
  int count = 0;
  count += wrong({.samples = 2, .channels = 40, .image = {40, 33}, .outputs = 5, .window = 3, .s = {.padding = 1}});
  count += wrong({.samples = 2, .channels = 90, .image = {13, 9}, .outputs = 70, .window = 3, .s = {.stride = 2}});
  count += wrong({.samples = 1,
                  .channels = 1,
                  .image = {300, 70},
                  .outputs = 2,
                  .window = {5, 7},
                  .s = {.stride = {3, 2}, .padding = {2, 3}}});
  // Transposed, some channels at a time.
  count += wrong({.samples = 2, .channels = 7, .image = {230, 250}, .outputs = 2, .window = 3, .s = {.padding = 1}});
  count += wrong(
      {.samples = 1, .channels = 10, .image = {400, 301}, .outputs = 6, .window = 2, .s = {.stride = 2, .groups = 2}});
  CHECK(count == 0);
}

TEST_CASE("conv: exact with more padding than image") {
  int count = 0;
  for (const std::int64_t padding : {40, 61})
    for (const std::int64_t stride : {1, 2, 5})
      count += wrong({.samples = 3,
                      .channels = 2,
                      .image = {2, 3},
                      .outputs = 2,
                      .window = {2, 3},
                      .s = {.stride = stride, .padding = {1, padding}}}) +
               wrong({.samples = 3,
                      .channels = 2,
                      .image = {2, 3},
                      .outputs = 2,
                      .window = {2, 3},
                      .s = {.stride = stride, .padding = {padding, 1}, .dilation = {7, 1}}});
  CHECK(count == 0);
}

TEST_CASE("conv: a single map has no stride, however large it says it is") {
  int count = 0;
  for (const std::int64_t stride : {std::int64_t{4}, std::int64_t{1'000'000}, std::int64_t{1} << 62})
    count +=
        wrong({.samples = 2, .channels = 2, .image = {4, 5}, .outputs = 3, .window = {2, 3}, .s = {.stride = stride}}) +
        wrong({.samples = 2,
               .channels = 2,
               .image = {4, 5},
               .outputs = 3,
               .window = 4,
               .s = {.stride = {stride, 1}, .padding = {0, 1}}});
  CHECK(count == 0);
}

TEST_CASE("conv: nothing in, nothing out") {
  int count = 0;
  count += wrong({.samples = 0, .channels = 2, .image = 5, .outputs = 3, .window = 3, .s = {}});
  count += wrong({.samples = 2, .channels = 0, .image = 5, .outputs = 3, .window = 3, .s = {}});
  count += wrong({.samples = 2, .channels = 2, .image = 5, .outputs = 0, .window = 3, .s = {}});
  CHECK(count == 0);
}

TEST_CASE("conv: the same bits for 1, 2, 3 and 7 threads") {
  const Case c{.samples = 37,
               .channels = 8,
               .image = {14, 15},
               .outputs = 20,
               .window = 3,
               .s = {.stride = 2, .padding = 1, .groups = 2}};
  Numbers image(c.image_shape(), 0, 1), weight(c.weight_shape(), 0, 2), maps(c.maps_shape(), 0, 3);
  for (Numbers* numbers : {&image, &weight, &maps}) numbers->each([](Real& x) { x = x / 7 + Real(0.01) * x * x; });
  const int before = threads();
  std::vector<std::vector<Real>> first;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    const std::vector<std::vector<Real>> now = {
        written(c.maps_shape(), [&](const View& out) { kernel::conv2d(image.view, weight.view, nullptr, out, c.s); }),
        written(c.image_shape(),
                [&](const View& out) { kernel::conv_transpose2d(maps.view, weight.view, nullptr, out, c.s); }),
        written(c.weight_shape(), [&](const View& out) { kernel::conv2d_weight(image.view, maps.view, out, c.s); })};
    if (first.empty()) first = now;
    CHECK(now == first);
  }
  set_threads(before);
}

// PyTorch's word on convolutions, pooling and products of stacks (tests/golden/conv.safetensors, made in float64 by
// tests/golden/make_conv.py), the layers made of them, and what they refuse.
#include <doctest/doctest.h>

#include <set>

#include "nn/conv.h"
#include "nn/state.h"
#include "tests/files.h"
#include "tests/golden/twice.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
using Function = std::function<Tensor(In)>;

/// The settings of the convolutions in make_conv.py.
struct ConvCase {
  Pair window;
  ConvSettings s;
  Pair output_padding = 0;  // of the transposed
  bool permuted = false;
};

const std::map<std::string, ConvCase>& conv_cases() {
  static const std::map<std::string, ConvCase> all{
      {"plain", {.window = {3, 2}, .s = {}}},
      {"one_by_one", {.window = 1, .s = {}}},
      {"stride", {.window = 3, .s = {.stride = 2, .padding = 1}, .output_padding = {1, 0}}},
      {"axes",
       {.window = {3, 2}, .s = {.stride = {3, 2}, .padding = {2, 1}, .dilation = {1, 3}}, .output_padding = {1, 0}}},
      {"groups", {.window = 3, .s = {.stride = 2, .padding = 1, .groups = 2}}},
      {"depthwise", {.window = 2, .s = {.dilation = 2, .groups = 3}}},
      {"permuted", {.window = 3, .s = {.stride = 2, .padding = 1}, .output_padding = {0, 1}, .permuted = true}},
      {"empty", {.window = 3, .s = {.padding = 1}}},
      {"wide", {.window = 3, .s = {.stride = {1, 2}, .padding = 1}, .output_padding = {0, 1}}},
  };
  return all;
}

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all = [] {
    std::map<std::string, Function> all;
    for (const auto& [name, c] : conv_cases()) {
      ConvSettings back = c.s;
      back.output_padding = c.output_padding;
      const auto in_order = [permuted = c.permuted](const Tensor& x) {
        return permuted ? permute(x, {1, 0, 3, 2}) : x;
      };
      all["conv2d:" + name] = [=, s = c.s](In in) { return conv2d(in_order(in[0]), in_order(in[1]), in[2], s); };
      all["conv_transpose2d:" + name] = [=](In in) {
        return conv_transpose2d(in_order(in[0]), in_order(in[1]), in[2], back);
      };
      all["conv2d_weight:" + name] = [=, window = c.window, s = c.s](In in) {
        return conv2d_weight(in_order(in[0]), in_order(in[1]), window, s);
      };
    }
    all["conv_transpose2d:beyond"] = [](In in) {
      return conv_transpose2d(in[0], in[1], in[2],
                              {.stride = {1, 2}, .padding = 1, .dilation = {3, 4}, .output_padding = {2, 3}});
    };
    const auto pools = [&](const std::string& name, const Pair& window, const PoolSettings& s) {
      all["max_pool2d:" + name] = [=](In in) { return max_pool2d(in[0], window, s); };
      all["avg_pool2d:" + name] = [=](In in) { return avg_pool2d(in[0], window, s); };
    };
    pools("side_by_side", 2, {});
    pools("overlapping", {3, 2}, {.stride = {2, 1}, .padding = 1});
    pools("left_over", 2, {.stride = 3});
    pools("empty", 2, {});
    pools("rounded_up", {3, 2}, {.stride = {2, 3}, .ceil_mode = true});
    pools("rounded_up_padded", {3, 4}, {.stride = {3, 2}, .padding = {1, 2}, .ceil_mode = true});
    pools("not_in_the_padding", 2, {.stride = {3, 4}, .padding = 1, .ceil_mode = true});
    pools("larger_than_the_image", 3, {.stride = 2, .ceil_mode = true});
    pools("wide", {7, 8}, {.stride = {1, 2}, .padding = {3, 0}});
    const auto dilated = [&](const std::string& name, const Pair& window, const PoolSettings& s) {
      all["max_pool2d:" + name] = [=](In in) { return max_pool2d(in[0], window, s); };
    };
    dilated("dilated", {3, 2}, {.stride = {1, 2}, .dilation = {2, 3}});
    dilated("dilated_padded", {2, 3}, {.stride = 2, .padding = 1, .dilation = {3, 2}});
    dilated("dilated_rounded_up", 2, {.stride = {3, 2}, .dilation = {2, 3}, .ceil_mode = true});
    const auto sequences = [&](const std::string& name, const Conv1dSettings& s) {
      all["conv1d:" + name] = [=](In in) { return conv1d(in[0], in[1], in[2], s); };
    };
    sequences("plain", {});
    sequences("all", {.stride = 2, .padding = 3, .dilation = 2, .groups = 2});
    sequences("empty", {});
    all["upsample_nearest2d:2x3"] = [](In in) { return upsample_nearest2d(in[0], {2, 3}); };
    for (const char* name : {"stack", "one_right", "one_left", "broadcast", "empty"})
      all[std::string("matmul:") + name] = [](In in) { return matmul(in[0], in[1]); };
    return all;
  }();
  return all;
}

}  // namespace

TEST_CASE("pytorch: convolutions, pooling and stacks, their gradients and those of their gradients") {
  check_twice(Golden("conv.safetensors"), functions());
}

TEST_CASE("conv layers: shapes, names and what they compute") {
  Rng rng{.seed = 3};
  const Conv2d down(4, 6, {3, 5}, {.stride = 2, .padding = {1, 2}, .groups = 2}, Init::he, rng);
  CHECK(down.weight.shape() == Shape{6, 2, 3, 5});
  const ConvTranspose2d up(6, 4, 3, {.stride = 2, .padding = 1, .groups = 2, .output_padding = 1}, Init::glorot, rng);
  CHECK(up.weight.shape() == Shape{6, 2, 3, 3});
  CHECK(up.bias.shape() == Shape{4});
  const Tensor x = normal({2, 4, 8, 6}, rng);
  CHECK(down(x).shape() == Shape{2, 6, 4, 3});
  CHECK(up(down(x)).shape() == x.shape());
  CHECK(down(x).values() == conv2d(x, down.weight, down.bias, down.settings).values());
  CHECK(state(down).size() == 2);
  CHECK(state(up).count("weight") == 1);
}

TEST_CASE("conv layers: fan-in means PyTorch's bounds, the fan of a transposed convolution included") {
  Rng rng{.seed = 5};
  const auto largest = [](const Tensor& x) { return static_cast<double>(max(abs(x)).item()); };
  const auto within = [&](const Tensor& x, double fan_in) {
    const double bound = 1 / std::sqrt(fan_in);
    CHECK(largest(x) <= bound);
    CHECK(largest(x) >= 0.7 * bound);  // of 32 draws and more: once in 90,000 it is less
  };
  const Conv2d down(32, 64, 3, {.groups = 2}, Init::fan_in, rng);
  within(down.weight, 16 * 9);
  within(down.bias, 16 * 9);
  const ConvTranspose2d up(64, 32, 3, {.groups = 2}, Init::fan_in, rng);
  within(up.weight, 16 * 9);
  within(up.bias, 16 * 9);
  const Conv2d zero(3, 2, 3, {}, Init::he, rng);
  CHECK(zero.bias.values() == std::vector<Real>{0, 0});
}

TEST_CASE("max pooling: padding never wins, ties go to the first, NaN is not swallowed") {
  const Tensor x = tensor({1, 1, 2, 2}, {-3, -1, -1, -2});
  CHECK(max_pool2d(x, 2, {.stride = 1, .padding = 1}).values() ==
        std::vector<Real>{-3, -1, -1, -1, -1, -1, -1, -1, -2});
  Tape tape(x);
  CHECK(tape.gradient(sum(max_pool2d(x, 2)), x).values() == std::vector<Real>{0, 1, 0, 0});
  const Real nan = std::numeric_limits<Real>::quiet_NaN(), infinity = std::numeric_limits<Real>::infinity();
  CHECK(std::isnan(max_pool2d(tensor({1, 1, 2, 2}, {5, 6, nan, 7}), 2).item()));
  CHECK(max_pool2d(tensor({1, 1, 1, 2}, {-infinity, -infinity}), {1, 2}).item() == -infinity);
}

TEST_CASE("conv: settings as large as they like, where only few numbers are met") {
  constexpr std::int64_t far = std::int64_t{1} << 40;
  const Tensor x = tensor({1, 1, 2, 2}, {1, 2, 3, 4});
  CHECK(conv2d(x, 2 * ones({1, 1, 1, 1}), {.dilation = far}).values() == std::vector<Real>{2, 4, 6, 8});
  const Tensor single = tensor({1, 1, 1, 1}, {7});
  CHECK(conv2d(single, ones({1, 1, 1, 1}), {.stride = {1, 4 * far}, .padding = {0, far}}).values() ==
        std::vector<Real>{0});
  CHECK(max_pool2d(x, Pair(far), {.padding = Pair(far / 2)}).values() == std::vector<Real>{4});
}

TEST_CASE("conv: what makes no sense is refused in a sentence") {
  const Tensor x = zeros({2, 3, 5, 6}), w = zeros({4, 3, 3, 3});
  const auto says = [](const std::function<void()>& action, const std::string& sentence) {
    CHECK(error_of(action) == sentence);
  };
  says([&] { conv2d(zeros({3, 5, 6}), w); },
       "[conv2d] images (3, 5, 6) and weight (4, 3, 3, 3) are not (N, C, H, W) and (O, C/groups, kh, kw)\n"
       "help: give a single image a batch axis of 1, by reshape");
  says([&] { conv2d(x, zeros({4, 2, 3, 3})); },
       "[conv2d] images (2, 3, 5, 6) do not fit weight (4, 2, 3, 3), which is (O, C/groups, kh, kw), in 1 groups");
  says([&] { conv2d(x, w, {.groups = 2}); },
       "[conv2d] images (2, 3, 5, 6) do not fit weight (4, 3, 3, 3), which is (O, C/groups, kh, kw), in 2 groups");
  says([&] { conv2d(x, w, zeros({3})); }, "[conv2d] bias (3) is not (4), one number for each channel of the result");
  says([&] { conv2d(x, zeros({4, 3, 7, 3}), {.padding = {0, 1}}); },
       "[conv2d] a window that spans 7 does not fit into 5 of an image (2, 3, 5, 6), padding included");
  says([&] { conv2d(x, w, {.dilation = 9}); },
       "[conv2d] a window that spans 19 does not fit into 5 of an image (2, 3, 5, 6), padding included");
  says([&] { conv2d(x, zeros({4, 3, 0, 3})); }, "[conv2d] a window of 0 x 3 sees nothing");
  says([&] { conv2d(x, w, {.stride = {1, 0}}); }, "[conv2d] stride 1 x 0 must be at least 1");
  says([&] { conv2d(x, w, {.groups = 0}); }, "[conv2d] groups must be at least 1, not 0");
  says([&] { conv2d(x, w, {.dilation = {0, 1}}); }, "[conv2d] dilation 0 x 1 must be at least 1");
  says([&] { conv2d(x, w, {.padding = {0, -1}}); }, "[conv2d] cannot pad by 0 x -1");
  says([&] { conv2d(x, w, {.output_padding = 1}); }, "[conv2d] output_padding is for conv_transpose2d alone");
  says([&] { conv2d_weight(x, x, 1, {.output_padding = 1}); },
       "[conv2d_weight] output_padding is for conv_transpose2d alone");
  says([&] { conv_transpose2d(x, w); },
       "[conv_transpose2d] images (2, 3, 5, 6) do not fit weight (4, 3, 3, 3), which is (C, O/groups, kh, kw), in 1 "
       "groups");
  says([&] { conv_transpose2d(zeros({2, 4, 5, 6}), w, {.stride = 2, .output_padding = 2}); },
       "[conv_transpose2d] output_padding is 2, but must be from 0 to 1: less than the stride or the dilation");
  says([&] { conv_transpose2d(zeros({2, 4, 1, 1}), w, {.padding = 2}); },
       "[conv_transpose2d] padding 2 leaves nothing of 3 rows or columns");
  says([&] { conv_transpose2d(zeros({2, 4, 0, 1}), w); },
       "[conv_transpose2d] there is nothing in maps of shape (2, 4, 0, 1)");
  says([&] { conv2d_weight(x, zeros({2, 4, 5, 6}), 3); },
       "[conv2d_weight] gradients (2, 4, 5, 6) are not those of a convolution of (2, 3, 5, 6) with windows of 3 x 3 in "
       "1 groups");
  for (const std::int64_t padding : {0, 1})
    says([&] { max_pool2d(zeros({1, 1, 0, 4}), 2, {.padding = {padding, 0}}); },
         "[max_pool2d] there is nothing in images of shape (1, 1, 0, 4)");
  says([&] { conv2d(zeros({1, 3, 5, 0}), w, {.padding = 2}); },
       "[conv2d] there is nothing in images of shape (1, 3, 5, 0)");
  says([&] { max_pool2d(x, 2, {.padding = 2}); }, "[max_pool2d] padding 2 x 2 is more than half of a window of 2 x 2");
  says([&] { avg_pool2d(reshape(x, {6, 5, 6}), 2); }, "[avg_pool2d] images (6, 5, 6) are not (N, C, H, W)");
  says([&] { avg_pool2d(x, 2, {.dilation = {1, 2}}); }, "[avg_pool2d] dilation is for max_pool2d alone");
  says([&] { max_pool2d(zeros({1, 1, 2, 2}), {2, 1}, {.padding = {1, 0}, .dilation = {3, 1}}); },
       "[max_pool2d] a window of 2 x 1 sees nothing of an image (1, 1, 2, 2), only padding");
  says([&] { max_pool2d(zeros({1, 1, 2, 2}), 4, {.stride = 2, .ceil_mode = true}); },
       "[max_pool2d] a window that spans 4 does not fit into 2 of an image (1, 1, 2, 2), padding included");
  says([&] { conv1d(x, w); },
       "[conv1d] sequences (2, 3, 5, 6) and weight (4, 3, 3, 3) are not (N, C, L) and (O, C/groups, k)");
  says([&] { conv1d(zeros({2, 3, 5}), zeros({4, 2, 3})); },
       "[conv1d] sequences (2, 3, 5) do not fit weight (4, 2, 3), which is (O, C/groups, k), in 1 groups");
  says([&] { conv1d(zeros({2, 3, 5}), zeros({4, 3, 3}), zeros({3})); },
       "[conv1d] bias (3) is not (4), one number for each channel of the result");
  says([&] { conv1d(zeros({2, 3, 5}), zeros({4, 3, 3}), {.dilation = 4}); },
       "[conv1d] a window that spans 9 does not fit into 5 of an image (1, 5), padding included");
  says([&] { upsample_nearest2d(x, {2, 0}); }, "[upsample_nearest2d] cannot repeat pixels 2 x 0 times");
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max() / 2;
  CHECK(error_of([&] { conv2d(x, w, {.padding = huge}); }) != "no error");
  CHECK(error_of([&] { conv2d(x, w, {.dilation = huge}); }) != "no error");
  const ConvSettings far_apart{.stride = {huge / 3 * 4, 1}, .padding = {huge / 3 * 2, 0}};  // two rows of padding
  CHECK(error_of([&] { conv2d(ones({1, 1, 1, 3}), ones({1, 1, 1, 1}), far_apart); }) != "no error");
  CHECK(error_of([&] { conv_transpose2d(zeros({2, 4, 5, 6}), w, {.stride = huge}); }) != "no error");
  CHECK(error_of([&] { upsample_nearest2d(x, huge); }) != "no error");
  Rng rng;
  says([&] { Conv2d(3, 4, 3, {.groups = 2}, Init::he, rng); }, "[conv2d] 3 and 4 channels do not divide into 2 groups");
  says([&] { ConvTranspose2d(0, 4, 3, {}, Init::he, rng); },
       "[conv_transpose2d] 0 and 4 channels do not divide into 1 groups");
}

#include "models/networks/conv.h"

#include "tensor/parallel.h"

namespace GRADUS {

// The sizes from the image inwards: (channels, height, width) before each convolution and after the last.
static std::vector<Shape> sizes_of(const Conv& conv, const NetworkPlan& plan) {
  std::vector<Shape> sizes{{plan.channels, plan.height, plan.width}};
  for (std::size_t i = 0; i < conv.channels.size(); ++i) {
    const Shape& at = sizes.back();
    check(at[1] > 1 || at[2] > 1,
          "[conv] convolution {} of {} would see images of one pixel, for halving {} x {} pixels goes no further\n"
          "help: {} convolutions fit",
          i + 1, conv.channels.size(), plan.height, plan.width, i);
    sizes.push_back({conv.channels[i], ceil_div(at[1], 2), ceil_div(at[2], 2)});
  }
  return sizes;
}

// x + convolution(activation(convolution(x))), all of one size: He, Zhang, Ren, Sun 2016.
static void add_block(NetworkBuilder& to, std::size_t i, const NetworkPlan& plan, const HiddenLayers& with) {
  const std::int64_t channels = to.at()[0];
  const std::string first = fmt::format("blocks.{}.0", i), second = fmt::format("blocks.{}.1", i);
  finish(to.keep().conv(first, channels, 3, {.padding = 1}), first, plan, with);
  to.conv(second, channels, 3, {.padding = 1}).add_kept();
}

Network Conv::encoder(const NetworkPlan& plan, Rng& rng) const {
  NetworkBuilder to({plan.data()}, plan.init, rng);
  to.as_image(plan.channels, plan.height, plan.width).join(plan.condition);
  sizes_of(*this, plan);  // refuses what does not fit
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string name = fmt::format("convolutions.{}", i);
    finish(to.conv(name, channels[i], 3, {.stride = 2, .padding = 1}), name, plan, layers);
    if (layers.residual) add_block(to, i, plan, layers);
  }
  if (plan.by_place) return to.build();  // the map itself
  return add_hidden(to.as_row(), hidden, plan, layers).build();
}

Network Conv::decoder(const NetworkPlan& plan, Rng& rng) const {
  const std::vector<Shape> sizes = sizes_of(*this, plan);
  NetworkBuilder to({plan.code_size()}, plan.init, rng);
  const Shape& deepest = sizes.back();
  if (plan.by_place) {
    to.as_image(plan.latent, deepest[1], deepest[2]).join(plan.condition);
    finish(to.conv("output", deepest[0], 3, {.padding = 1}), "output", plan, layers);
  } else {
    add_hidden(to.join(plan.condition), {hidden.rbegin(), hidden.rend()}, plan, layers);
    finish(to.linear("output", deepest.numel()), "output", plan, layers);
    to.as_image(deepest[0], deepest[1], deepest[2]);
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const Shape& out = sizes[channels.size() - 1 - i];
    const bool last = i + 1 == channels.size();
    if (layers.residual) add_block(to, i, plan, layers);
    // An even side doubles; an odd one is one less.
    const std::string name = fmt::format("convolutions.{}", i);
    to.conv_transpose(name, last ? checked_mul(out[0], plan.numbers) : out[0], 3,
                      {.stride = 2, .padding = 1, .output_padding = {1 - out[1] % 2, 1 - out[2] % 2}});
    if (!last) finish(to, name, plan, layers);
  }
  return to.as_row().build();
}

}  // namespace GRADUS

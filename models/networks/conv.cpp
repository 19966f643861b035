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

Network Conv::encoder(const NetworkPlan& plan, Rng& rng) const {
  NetworkBuilder to({plan.data()}, plan.init, rng);
  to.as_image(plan.channels, plan.height, plan.width).join(plan.condition);
  sizes_of(*this, plan);  // refuses what does not fit
  for (std::size_t i = 0; i < channels.size(); ++i)
    to.conv(fmt::format("convolutions.{}", i), channels[i], 3, {.stride = 2, .padding = 1}).activation(plan.activation);
  return std::move(add_hidden(to.as_row(), hidden, plan.activation)).build();
}

Network Conv::decoder(const NetworkPlan& plan, Rng& rng) const {
  const std::vector<Shape> sizes = sizes_of(*this, plan);
  NetworkBuilder to({plan.latent}, plan.init, rng);
  add_hidden(to.join(plan.condition), {hidden.rbegin(), hidden.rend()}, plan.activation);
  const Shape& deepest = sizes.back();
  to.linear("output", deepest.numel()).activation(plan.activation).as_image(deepest[0], deepest[1], deepest[2]);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const Shape& out = sizes[channels.size() - 1 - i];
    const bool last = i + 1 == channels.size();
    // An even side doubles; an odd one is one less.
    to.conv_transpose(fmt::format("convolutions.{}", i), last ? checked_mul(out[0], plan.numbers) : out[0], 3,
                      {.stride = 2, .padding = 1, .output_padding = {1 - out[1] % 2, 1 - out[2] % 2}});
    if (!last) to.activation(plan.activation);
  }
  return std::move(to.as_row()).build();
}

}  // namespace GRADUS

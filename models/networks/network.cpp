#include "models/networks/network.h"

#include <fmt/ranges.h>

#include <utility>

#include "nn/unlisted.h"

namespace GRADUS {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;  // which Clang 14 does not find by itself

Tensor joined(const Tensor& x, const std::optional<Tensor>& condition) {
  check(condition.has_value(), "[network] it is conditional, but there is no condition");
  if (x.rank() == 2) return concat({x, *condition}, -1);  // (B, F + C)
  const std::int64_t batch = x.shape()[0], planes = condition->extent(-1);
  return concat(
      {x, broadcast_to(reshape(*condition, {batch, planes, 1, 1}), {batch, planes, x.shape()[2], x.shape()[3]})},
      1);  // (B, C + planes, H, W)
}

// A batch of one image, which training may end with, has no moments of its own: the running ones stand.
Tensor normalized(const BatchNorm& layer, const Tensor& x, Context& context) {
  Context running{.training = false, .rng = context.rng};
  return layer(x, x.numel() == layer.weight.numel() ? running : context);
}

Tensor apply(const Step& step, const Tensor& x, const std::optional<Tensor>& condition, std::optional<Tensor>& kept,
             Context& context) {
  return std::visit(
      Overloaded{
          [&](const auto& layer) { return layer(x); },
          [&](const BatchNorm& layer) { return normalized(layer, x, context); },
          [&](const Dropout& layer) { return layer(x, context); }, [&](const Keep&) { return *(kept = x); },
          [&](const AddKept&) { return x + *std::exchange(kept, std::nullopt); },
          [&](const AsImage& image) { return reshape(x, {x.shape()[0], image.channels, image.height, image.width}); },
          [&](const AsRow&) { return reshape(x, {x.shape()[0], step.out.numel()}); },
          [&](const Join&) { return joined(x, condition); }},
      step.layer);
}

}  // namespace

bool Step::is_elementwise() const {
  return std::holds_alternative<Activation>(layer) || std::holds_alternative<BatchNorm>(layer) ||
         std::holds_alternative<GroupNorm>(layer) || std::holds_alternative<Dropout>(layer);
}

std::int64_t Step::multiply_adds() const {
  return std::visit(
      Overloaded{[](const auto&) { return std::int64_t{0}; }, [](const Linear& layer) { return layer.weight.numel(); },
                 [&](const Conv2d& layer) {  // every pixel of a map sees a window of each input channel
                   return checked_mul(layer.weight.numel(), out[1] * out[2]);
                 },
                 [&](const ConvTranspose2d& layer) {  // those that fall on the padding are counted too
                   const Pair& stride = layer.settings.stride;
                   return checked_mul(layer.weight.numel(), out[1] / stride.h * (out[2] / stride.w));
                 }},
      layer);
}

Tensor Network::operator()(Tensor x, const std::optional<Tensor>& condition, Context& context) const {
  std::optional<Tensor> kept;
  for (const Step& step : steps) x = apply(step, x, condition, kept, context);
  return x;
}

std::int64_t Network::multiply_adds() const {
  std::int64_t sum = 0;
  for (const Step& step : steps) sum = checked_add(sum, step.multiply_adds());
  return sum;
}

static std::string size_of(const Shape& sample) { return fmt::format("{}", fmt::join(sample, "x")); }

std::string Network::sizes() const {
  const auto is_image = [&](std::size_t i) {
    return i < steps.size() && std::holds_alternative<AsImage>(steps[i].layer);
  };
  std::string text = size_of(is_image(0) ? steps[0].out : in);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& layer = steps[i].layer;
    const bool linear = std::holds_alternative<Linear>(layer);
    if (!linear && !std::holds_alternative<Conv2d>(layer) && !std::holds_alternative<ConvTranspose2d>(layer)) continue;
    // What is made an image of next, whatever its norm and activation, is shown as that image.
    std::size_t next = i + 1;
    while (next < steps.size() && steps[next].is_elementwise()) ++next;
    text += '-' + size_of(linear && is_image(next) ? steps[next].out : steps[i].out);
  }
  return text;
}

void Network::walk(const MemberPath& path, TensorVisitor& visitor) {
  for (Step& step : steps) gradus::walk(step.layer, MemberPath{&path, step.name.c_str(), 0}, visitor);
}

void Network::find_unlisted(const MemberPath& path, std::vector<std::string>& found) {
  for (Step& step : steps) gradus::find_unlisted(step.layer, MemberPath{&path, step.name.c_str(), 0}, found);
}

// ----- building --------------------------------------------------------------------------------------------------

NetworkBuilder& NetworkBuilder::add(Step step) {
  network_.steps.push_back(std::move(step));
  return *this;
}

NetworkBuilder& NetworkBuilder::join(std::int64_t size) {
  if (size == 0) return *this;
  return add({"", Join{}, at().with(0, checked_add(at()[0], size))});
}

NetworkBuilder& NetworkBuilder::linear(std::string name, std::int64_t out) {
  return add({std::move(name), Linear(at().numel(), out, init_, rng_), {out}});
}

NetworkBuilder& NetworkBuilder::conv(std::string name, std::int64_t channels, const Pair& kernel,
                                     const ConvSettings& s) {
  const auto extent = [](std::int64_t size, std::int64_t window, std::int64_t stride, std::int64_t padding) {
    return (size + 2 * padding - window) / stride + 1;
  };
  const Shape out{channels, extent(at()[1], kernel.h, s.stride.h, s.padding.h),
                  extent(at()[2], kernel.w, s.stride.w, s.padding.w)};
  return add({std::move(name), Conv2d(at()[0], channels, kernel, s, init_, rng_), out});
}

NetworkBuilder& NetworkBuilder::conv_transpose(std::string name, std::int64_t channels, const Pair& kernel,
                                               const ConvSettings& s) {
  const auto extent = [](std::int64_t size, std::int64_t window, std::int64_t stride, std::int64_t padding,
                         std::int64_t more) { return (size - 1) * stride - 2 * padding + window + more; };
  const Shape out{channels, extent(at()[1], kernel.h, s.stride.h, s.padding.h, s.output_padding.h),
                  extent(at()[2], kernel.w, s.stride.w, s.padding.w, s.output_padding.w)};
  return add({std::move(name), ConvTranspose2d(at()[0], channels, kernel, s, init_, rng_), out});
}

NetworkBuilder& NetworkBuilder::activation(Activation::Kind kind) { return add({"", Activation{kind}, at()}); }

NetworkBuilder& NetworkBuilder::as_image(std::int64_t channels, std::int64_t height, std::int64_t width) {
  return add({"", AsImage{channels, height, width}, {channels, height, width}});
}

NetworkBuilder& NetworkBuilder::as_row() { return add({"", AsRow{}, {at().numel()}}); }

NetworkBuilder& NetworkBuilder::norm(std::string name, BatchNorm layer) {
  return add({std::move(name), std::move(layer), at()});
}
NetworkBuilder& NetworkBuilder::norm(std::string name, GroupNorm layer) {
  return add({std::move(name), std::move(layer), at()});
}
NetworkBuilder& NetworkBuilder::dropout(double p) { return add({"", Dropout(static_cast<Real>(p)), at()}); }
NetworkBuilder& NetworkBuilder::keep() { return add({"", Keep{}, at()}); }
NetworkBuilder& NetworkBuilder::add_kept() { return add({"", AddKept{}, at()}); }

}  // namespace GRADUS

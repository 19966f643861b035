// A network as the list of its steps, each a layer with its name and what it makes of a sample. It is run by walking
// the list; whatever else asks what a network consists of (sizes, costs, an export to another program) reads the same
// list, so nothing is told twice.
#pragma once

#include "nn/activation.h"
#include "nn/batch_norm.h"
#include "nn/conv.h"
#include "nn/dropout.h"
#include "nn/group_norm.h"
#include "nn/linear.h"

namespace GRADUS {

/// Numbers in a row as an image: (B, C·H·W) -> (B, C, H, W).
struct AsImage {
  std::int64_t channels, height, width;
  void members(auto&& visit) {
    visit("channels", channels);
    visit("height", height);
    visit("width", width);
  }
};
/// And back: (B, …) -> (B, features).
struct AsRow {};
/// Where the condition joins, if there is one: (B, F) and (B, C) -> (B, F + C); of images as constant planes.
struct Join {};
/// Remembers what passes here, until it is added to what comes of it: x + f(x) (He, Zhang, Ren, Sun 2016).
struct Keep {};
struct AddKept {};

struct Step {
  std::string name;  // of its tensors in the network: "hidden.0"; empty where it has none
  std::variant<Linear, Conv2d, ConvTranspose2d, Activation, AsImage, AsRow, Join, BatchNorm, GroupNorm, Dropout, Keep,
               AddKept>
      layer;
  Shape out;  // of one sample after it: (F), or (C, H, W)

  /// How many multiplications and additions it takes for one sample, in pairs; those of elementwise steps not counted.
  std::int64_t multiply_adds() const;
  /// A norm, an activation or dropout: what changes numbers where they are.
  bool is_elementwise() const;
};

struct Network {
  Shape in;  // of one sample before the first step
  std::vector<Step> steps;

  /// x (B, D), condition (B, C) or nothing -> (B, features).
  Tensor operator()(Tensor x, const std::optional<Tensor>& condition, Context& context) const;

  /// Of one sample after the last step.
  const Shape& out() const { return steps.empty() ? in : steps.back().out; }
  std::int64_t multiply_adds() const;
  /// The sizes on the way: "784-500-500", "1x28x28-32x14x14-64x7x7-256".
  std::string sizes() const;

  void walk(const MemberPath& path, TensorVisitor& visitor);
  void find_unlisted(const MemberPath& path, std::vector<std::string>& found);
};

/// Adds steps to a network, each fitted to what the one before it makes.
class NetworkBuilder {
 public:
  NetworkBuilder(const Shape& in, Init init, Rng& rng) : network_{.in = in, .steps = {}}, init_(init), rng_(rng) {}

  /// The condition, of `size` numbers a sample; nothing is added for 0.
  NetworkBuilder& join(std::int64_t size);
  NetworkBuilder& linear(std::string name, std::int64_t out);
  NetworkBuilder& conv(std::string name, std::int64_t channels, const Pair& kernel, const ConvSettings& settings);
  NetworkBuilder& conv_transpose(std::string name, std::int64_t channels, const Pair& kernel,
                                 const ConvSettings& settings);
  NetworkBuilder& activation(Activation::Kind kind);
  NetworkBuilder& as_image(std::int64_t channels, std::int64_t height, std::int64_t width);
  NetworkBuilder& as_row();
  NetworkBuilder& norm(std::string name, BatchNorm layer);
  NetworkBuilder& norm(std::string name, GroupNorm layer);
  NetworkBuilder& dropout(double p);
  /// Between the two, the shape of a sample does not change; they do not nest.
  NetworkBuilder& keep();
  NetworkBuilder& add_kept();

  /// Of one sample after the steps so far.
  const Shape& at() const { return network_.out(); }
  /// The network, which the builder no longer has.
  Network build() { return std::move(network_); }

 private:
  NetworkBuilder& add(Step step);

  Network network_;
  Init init_;
  Rng& rng_;
};

}  // namespace GRADUS

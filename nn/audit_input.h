// What audit_layer (nn/audit.h) is given: inputs of either kind, and a layer that takes any number of them.
#pragma once

#include <any>
#include <variant>

#include "nn/sequential.h"

namespace GRADUS {

/// One input of a layer: a batch; Indices, like words, labels or lengths; or the shape of a batch, which is drawn from
/// the standard normal distribution.
class AuditInput {
 public:
  AuditInput(const Tensor& batch) : value_(batch) {}
  AuditInput(const Indices& indices) : value_(indices) {}
  AuditInput(const Shape& shape) : value_(shape) {}
  AuditInput(std::initializer_list<std::int64_t> shape) : value_(Shape(shape)) {}

  bool is_tensor() const { return std::holds_alternative<Tensor>(value_); }
  const Shape& shape() const;
  /// The same with numbers in the place of a mere shape.
  AuditInput drawn(Rng& rng) const;
  /// So that a layer can be called with it. Error when the layer wants the other kind.
  operator const Tensor&() const;
  operator const Indices&() const;

 private:
  std::variant<Tensor, Indices, Shape> value_;
};

namespace detail {

/// layer(inputs…), with the context if it takes one. Error when it does not take so many.
template <std::size_t most = 6, class L>
Tensor apply_to(const L& layer, std::span<const AuditInput> inputs, Context& context) {
  if (inputs.size() < most) {
    if constexpr (most > 1) return apply_to<most - 1>(layer, inputs, context);
  } else if (inputs.size() == most) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) -> Tensor {
      if constexpr (std::is_invocable_r_v<Tensor, const L&, decltype(inputs[i])..., Context&>)
        return layer(inputs[i]..., context);
      else if constexpr (std::is_invocable_r_v<Tensor, const L&, decltype(inputs[i])...>)
        return layer(inputs[i]...);
      else
        throw Error(fmt::format("[audit_layer] the layer does not take {} inputs", most));
    }(std::make_index_sequence<most>());
  }
  throw Error(fmt::format("[audit_layer] a layer of {} inputs cannot be audited", inputs.size()));
}

/// Any module that is called with inputs, as a value of one type.
class AuditedLayer {
 public:
  template <class L>
  explicit AuditedLayer(const L& layer) : layer_(layer) {
    static_assert(Module<L> || Erased<L>, "a layer is a struct with a public members(visit)");
    apply_ = [](const std::any& self, std::span<const AuditInput> inputs, Context& context) {
      return apply_to(*std::any_cast<L>(&self), inputs, context);
    };
    walk_ = [](std::any& self, const MemberPath& path, TensorVisitor& visitor) {
      gradus::walk(*std::any_cast<L>(&self), path, visitor);
    };
    find_unlisted_ = [](std::any& self, const MemberPath& path, std::vector<std::string>& found) {
      gradus::find_unlisted(*std::any_cast<L>(&self), path, found);
    };
  }

  Tensor operator()(std::span<const AuditInput> inputs, Context& context) const {
    return apply_(layer_, inputs, context);
  }
  void walk(const MemberPath& path, TensorVisitor& visitor) { walk_(layer_, path, visitor); }
  void find_unlisted(const MemberPath& path, std::vector<std::string>& found) { find_unlisted_(layer_, path, found); }

 private:
  std::any layer_;
  Tensor (*apply_)(const std::any&, std::span<const AuditInput>, Context&);
  void (*walk_)(std::any&, const MemberPath&, TensorVisitor&);
  void (*find_unlisted_)(std::any&, const MemberPath&, std::vector<std::string>&);
};

}  // namespace detail
}  // namespace GRADUS

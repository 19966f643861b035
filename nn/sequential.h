// Sequential: layers of any types, applied one after the other.
#pragma once

#include <memory>

#include "nn/unlisted.h"

namespace GRADUS {

namespace detail {
template <class L>
concept CalledLikeALayer = std::is_invocable_r_v<Tensor, const L&, const Tensor&> ||
                           std::is_invocable_r_v<Tensor, const L&, const Tensor&, Context&>;
}

/// A module that maps a tensor to a tensor, with or without a context.
template <class L>
concept LayerLike = (Module<L> || Erased<L>) && detail::CalledLikeALayer<L>;

/// Any layer as a value of one type. Copying copies the layer; what was moved from has no members and cannot be called.
class Layer {
 public:
  template <class L>
    requires(!std::same_as<L, Layer>)
  Layer(L layer) {
    if constexpr (detail::CalledLikeALayer<L> && !Module<L> && !Erased<L>)
      static_assert(LayerLike<L>,
                    "a layer lists its members: instead of a lambda or function write struct Square { "
                    "Tensor operator()(const Tensor& x) const { return x * x; } void members(auto&&) {} };");
    else
      static_assert(LayerLike<L>, "a layer is a struct with members(visit), called with a Tensor (and a Context) to "
                                  "give a Tensor; both are public and the call is const");
    static_assert(std::is_copy_constructible_v<L>,
                  "a layer can be copied: instead of a unique_ptr it holds a Layer (nn/sequential.h), which copies "
                  "what is in it");
    if constexpr (LayerLike<L> && std::is_copy_constructible_v<L>)
      self_ = std::make_unique<Holder<L>>(std::move(layer));
  }
  Layer(const Layer& other) : self_(other.self_ ? other.self_->clone() : nullptr) {}
  Layer(Layer&&) noexcept = default;
  Layer& operator=(Layer other) noexcept {
    std::swap(self_, other.self_);
    return *this;
  }

  Tensor operator()(const Tensor& x, Context& context) const {
    check(self_ != nullptr, "[layer] this layer has been moved from");
    return self_->apply(x, context);
  }
  void walk(const MemberPath& path, TensorVisitor& visitor) {
    if (self_) self_->walk(path, visitor);
  }
  void find_unlisted(const MemberPath& path, std::vector<std::string>& found) {
    if (self_) self_->find_unlisted(path, found);
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual std::unique_ptr<Interface> clone() const = 0;
    virtual Tensor apply(const Tensor& x, Context& context) const = 0;
    virtual void walk(const MemberPath& path, TensorVisitor& visitor) = 0;
    virtual void find_unlisted(const MemberPath& path, std::vector<std::string>& found) = 0;
  };
  template <class L>
  struct Holder final : Interface {
    L layer;
    explicit Holder(L layer) : layer(std::move(layer)) {}
    std::unique_ptr<Interface> clone() const override { return std::make_unique<Holder>(layer); }
    Tensor apply(const Tensor& x, Context& context) const override {
      if constexpr (std::is_invocable_v<const L&, const Tensor&, Context&>)
        return layer(x, context);
      else
        return layer(x);
    }
    void walk(const MemberPath& path, TensorVisitor& visitor) override { gradus::walk(layer, path, visitor); }
    void find_unlisted(const MemberPath& path, std::vector<std::string>& found) override {
      gradus::find_unlisted(layer, path, found);
    }
  };
  std::unique_ptr<Interface> self_;
};

struct Sequential {
  std::vector<Layer> layers;

  /// Sequential{Linear(3, 4, …), Activation{}, …}
  template <class... L>
    requires(sizeof...(L) != 1 || (!std::same_as<L, Sequential> && ...))  // Sequential{other} is a copy
  Sequential(L... layer) {
    layers.reserve(sizeof...(L));
    (layers.push_back(std::move(layer)), ...);
  }

  Tensor operator()(Tensor x, Context& context) const {
    for (const Layer& layer : layers) x = layer(x, context);
    return x;
  }

  Tensor operator()(Tensor x) const = delete;  // a layer in it may draw: call net(x, context)

  /// The layers are named by position: "0.weight".
  void walk(const MemberPath& path, TensorVisitor& visitor) { gradus::walk(layers, path, visitor); }
  void find_unlisted(const MemberPath& path, std::vector<std::string>& found) {
    gradus::find_unlisted(layers, path, found);
  }
};

}  // namespace GRADUS

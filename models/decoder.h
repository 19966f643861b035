// The other half of a model: p(x|z).
#pragma once

#include <memory>

#include "models/minibatch.h"
#include "models/networks/network.h"
#include "nn/unlisted.h"

namespace GRADUS {

/// Any struct with these and members(visit). One that can tell log p(x|z) of each number of x has besides
///
///   Tensor log_prob(batch, z, context) const    nats, z (K, B, Z) -> (K, B, D)
template <class D>
concept DecoderLike = requires(const D& d, const Minibatch& batch, const Tensor& z, Context& context) {
  { d.log_likelihood(batch, z, context) } -> std::same_as<Tensor>;
  { d.parameters(z, batch.condition, context) } -> std::same_as<Tensor>;
  { d.mean(z, batch.condition, context) } -> std::same_as<Tensor>;
};

/// A decoder as a value of one type. Copying copies it.
class Decoder {
 public:
  template <class D>
    requires(!std::same_as<D, Decoder>)
  Decoder(D decoder) {
    static_assert(DecoderLike<D>, "a decoder is a struct with log_likelihood(batch, z, context), parameters(z, "
                                  "condition, context), mean(z, condition, context) and members(visit)");
    self_ = std::make_unique<Holder<D>>(std::move(decoder));
  }
  Decoder(const Decoder& other) : self_(other.self_->clone()) {}
  Decoder(Decoder&&) noexcept = default;
  Decoder& operator=(Decoder other) noexcept {
    std::swap(self_, other.self_);
    return *this;
  }

  /// log p(x|z) in nats per sample: z (K, B, Z) -> (K, B).
  Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const {
    return self_->log_likelihood(batch, z, context);
  }
  /// The same by number of x, (K, B, D), of those that can tell it.
  std::optional<Tensor> log_prob(const Minibatch& batch, const Tensor& z, Context& context) const {
    return self_->log_prob(batch, z, context);
  }
  /// What the network says of each number of x: z (n, Z) -> (n, numbers, D).
  Tensor parameters(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    return self_->parameters(z, condition, context);
  }
  /// The mean of p(x|z), (n, D).
  Tensor mean(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    return self_->mean(z, condition, context);
  }
  /// Its network, of those that have one whose steps can be listed; null otherwise.
  const Network* network() const { return self_->network(); }
  /// The decoder itself, if it is one of that type.
  template <class D>
  const D* as() const {
    const auto* holder = dynamic_cast<const Holder<D>*>(self_.get());
    return holder ? &holder->decoder : nullptr;
  }

  void walk(const MemberPath& path, TensorVisitor& visitor) { self_->walk(path, visitor); }
  void find_unlisted(const MemberPath& path, std::vector<std::string>& found) { self_->find_unlisted(path, found); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual std::unique_ptr<Interface> clone() const = 0;
    virtual Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const = 0;
    virtual std::optional<Tensor> log_prob(const Minibatch& batch, const Tensor& z, Context& context) const = 0;
    virtual Tensor parameters(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const = 0;
    virtual Tensor mean(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const = 0;
    virtual const Network* network() const = 0;
    virtual void walk(const MemberPath& path, TensorVisitor& visitor) = 0;
    virtual void find_unlisted(const MemberPath& path, std::vector<std::string>& found) = 0;
  };
  template <class D>
  struct Holder final : Interface {
    D decoder;
    explicit Holder(D decoder) : decoder(std::move(decoder)) {}
    std::unique_ptr<Interface> clone() const override { return std::make_unique<Holder>(decoder); }
    Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const override {
      return decoder.log_likelihood(batch, z, context);
    }
    std::optional<Tensor> log_prob(const Minibatch& batch, const Tensor& z, Context& context) const override {
      if constexpr (requires { decoder.log_prob(batch, z, context); })
        return decoder.log_prob(batch, z, context);
      else
        return std::nullopt;
    }
    Tensor parameters(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const override {
      return decoder.parameters(z, condition, context);
    }
    Tensor mean(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const override {
      return decoder.mean(z, condition, context);
    }
    const Network* network() const override {
      if constexpr (requires {
                      { decoder.network } -> std::same_as<const Network&>;
                    })
        return &decoder.network;
      else
        return nullptr;
    }
    void walk(const MemberPath& path, TensorVisitor& visitor) override { gradus::walk(decoder, path, visitor); }
    void find_unlisted(const MemberPath& path, std::vector<std::string>& found) override {
      gradus::find_unlisted(decoder, path, found);
    }
  };
  std::unique_ptr<Interface> self_;
};

}  // namespace GRADUS

// The decoder of images and of whatever else is D numbers a sample: a network, and a likelihood for what it says.
#pragma once

#include "models/decoder.h"
#include "models/likelihoods/likelihood.h"
#include "models/networks/network.h"

namespace GRADUS {

template <LikelihoodLike L>
struct ImageDecoder {
  Network network;  // z -> (numbers · D)
  L likelihood;

  Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const {
    return sum(log_prob(batch, z, context), -1);  // (K, B)
  }
  Tensor log_prob(const Minibatch& batch, const Tensor& z, Context& context) const {
    const std::int64_t K = z.shape()[0], B = z.shape()[1];
    const Tensor y = network(reshape(z, {K * B, z.shape()[2]}), repeated(batch.condition, K), context);
    return distribution(likelihood, shaped(y, {K, B}), context).log_prob(batch.x);  // (K, B, D)
  }
  Tensor parameters(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    const Tensor y = network(z, condition, context);
    const std::int64_t numbers = likelihood.numbers();
    return reshape(y, {z.shape()[0], numbers, y.extent(-1) / numbers});  // (n, numbers, D)
  }
  Tensor mean(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    const Tensor y = network(z, condition, context);
    return distribution(likelihood, shaped(y, {z.shape()[0]}), context).mean();  // (n, D)
  }

  void members(auto&& visit) {
    visit("", network);
    visit("likelihood", likelihood);
  }

 private:
  /// (B, C) for K draws: (K·B, C).
  static std::optional<Tensor> repeated(const std::optional<Tensor>& condition, std::int64_t K) {
    if (!condition || K == 1) return condition;
    return reshape(broadcast_to(*condition, condition->shape().inserted(0, K)),
                   {K * condition->shape()[0], condition->extent(-1)});
  }
  /// (n, numbers·D) as a likelihood takes it: (front…, D), or (front…, numbers, D).
  Tensor shaped(const Tensor& y, const Shape& front) const {
    const std::int64_t numbers = likelihood.numbers();
    const Shape shape = front.inserted(front.rank(), y.extent(-1) / numbers);
    return reshape(y, numbers == 1 ? shape : shape.inserted(front.rank(), numbers));
  }
};

}  // namespace GRADUS

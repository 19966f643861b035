// The decoder of images and of whatever else is D numbers a sample: a network, and a likelihood for what it says.
#pragma once

#include "models/decoder.h"
#include "models/networks/network.h"

namespace GRADUS {

/// A likelihood says how many numbers it takes for each number of x, and what distribution they make (likelihoods.h).
template <class L>
concept LikelihoodLike = requires(const L& likelihood, const Tensor& y) {
  { L::kNumbers } -> std::convertible_to<std::int64_t>;
  { likelihood(y).log_prob(y) } -> std::same_as<Tensor>;  // y (…, numbers, D), or (…, D) where it takes one
  { likelihood(y).mean() } -> std::same_as<Tensor>;
};

template <LikelihoodLike L>
struct ImageDecoder {
  Network network;  // z -> (numbers · D)
  L likelihood;

  Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const {
    const std::int64_t K = z.shape()[0], B = z.shape()[1];
    std::optional<Tensor> condition = batch.condition;
    if (condition && K > 1)
      condition = reshape(broadcast_to(*condition, condition->shape().inserted(0, K)), {K * B, condition->extent(-1)});
    const Tensor y = network(reshape(z, {K * B, z.shape()[2]}), condition, context);  // (K·B, numbers·D)
    return sum(likelihood(shaped(y, {K, B})).log_prob(batch.x), -1);                  // (K, B)
  }
  Tensor parameters(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    const Tensor y = network(z, condition, context);
    return reshape(y, {z.shape()[0], L::kNumbers, y.extent(-1) / L::kNumbers});  // (n, numbers, D)
  }
  Tensor mean(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    return likelihood(shaped(network(z, condition, context), {z.shape()[0]})).mean();  // (n, D)
  }

  void members(auto&& visit) {
    visit("", network);
    visit("likelihood", likelihood);
  }

 private:
  /// (n, numbers·D) as a likelihood takes it: (front…, D), or (front…, numbers, D).
  static Tensor shaped(const Tensor& y, const Shape& front) {
    const std::int64_t D = y.extent(-1) / L::kNumbers;
    const Shape shape = front.inserted(front.rank(), D);
    return reshape(y, L::kNumbers == 1 ? shape : shape.inserted(front.rank(), L::kNumbers));
  }
};

}  // namespace GRADUS

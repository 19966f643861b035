// What every likelihood p(x|z) says of itself: how many numbers it takes for each number of x, which distribution they
// make, and what a log-probability of it measures. A kind is a file beside this one and a word in likelihoods.h: a
// struct with kName, kHelp, numbers(), operator()(y) and measure(bits); settings of its own are listed like all
// settings, parameters and buffers like a module's members.
//
// y is what the decoder says: (…, D), or (…, numbers, D) where a likelihood takes several.
#pragma once

#include <cmath>

#include "models/settings.h"
#include "nn/distributions.h"
#include "nn/module.h"

namespace GRADUS {

/// What log p(x|z) is the logarithm of.
struct Measure {
  std::string what;  // as it is printed: "probability of 256 grey levels"
  /// Bits per dimension are -nats / (D·log 2) plus this; nothing where they would mean nothing. A density of pixels in
  /// [0, 1] that are levels of 256 and uniform noise is at most e^nats·256ᴰ of the levels' probability: 8 bits more
  /// (Theis, van den Oord, Bethge 2016).
  std::optional<double> added_bits{};

  std::optional<double> bits_per_dimension(double nats, std::int64_t numbers) const {
    if (!added_bits) return std::nullopt;
    return *added_bits - nats / (static_cast<double>(numbers) * std::log(2.0));
  }
};

template <class D>
concept PixelDistribution = requires(const D& p, const Tensor& x) {
  { p.log_prob(x) } -> std::same_as<Tensor>;  // nats, of the shape of x
  { p.mean() } -> std::same_as<Tensor>;       // in the unit of x, so that it is a picture
};

/// The distribution that a likelihood makes of y. One that behaves differently in training takes (y, context).
template <class L>
auto distribution(const L& likelihood, const Tensor& y, Context& context) {
  if constexpr (requires { likelihood(y, context); })
    return likelihood(y, context);
  else
    return likelihood(y);
}

/// measure(bits): whether each number of x is 0 or 1 by the protocol of the data.
template <class L>
concept LikelihoodLike = requires(const L& likelihood, const Tensor& y, Context& context) {
  { likelihood.numbers() } -> std::same_as<std::int64_t>;
  { distribution(likelihood, y, context) } -> PixelDistribution;
  { likelihood.measure(true) } -> std::same_as<Measure>;
};

/// Plane i of y: (…, numbers, D) -> (…, D).
inline Tensor plane(const Tensor& y, std::int64_t i) {
  return reshape(slice(y, -2, i, i + 1), y.shape().without(y.rank() - 2));
}

/// y where it is well above `low`, and nowhere below it: low + softplus(y - low).
inline Tensor softly_above(const Tensor& y, double low) {
  return softplus(y - static_cast<Real>(low)) + static_cast<Real>(low);
}

/// The scale that decoders cannot go below: without it, a density at pixels of exactly one value grows without limit.
inline constexpr double kLeastScale = 0.0025;  // of pixels in [0, 1]: less than one level of 256 is wide
inline constexpr RealRange kScales{.min = 1e-6, .max = 1};
inline constexpr const char* kScalesHelp = "least scale of a pixel; of Gaussians, least standard deviation";

}  // namespace GRADUS

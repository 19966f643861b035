#include "models/compression/bits_back.h"

#include <algorithm>
#include <cmath>

#include "models/compression/portable.h"
#include "models/latents/gaussian.h"

namespace GRADUS {

namespace {

// A code is a bucket in each dimension, of 2^12 that are equally probable under the prior: p(z) then costs 12 bits, and
// nothing is left to round. q(z|x) shares out 2^24 slots among them.
constexpr int kPriorBits = 12, kPosteriorBits = 24;
constexpr std::uint32_t kBuckets = 1 << kPriorBits;

struct Buckets {
  std::vector<double> edges, centres;  // edges[k] is where bucket k begins; the first begins nowhere

  Buckets() : edges(kBuckets), centres(kBuckets) {
    for (std::uint32_t k = 0; k < kBuckets; ++k) {
      if (k > 0) edges[k] = portable::normal_quantile(static_cast<double>(k) / kBuckets);
      centres[k] = portable::normal_quantile((k + 0.5) / kBuckets);
    }
  }
};

const Buckets& buckets() {
  static const Buckets all;
  return all;
}

/// Runs use(q) with q(z|x) of one dimension over the buckets.
template <class Use>
auto with_posterior(double mean, double inverse_deviation, const Use& use) {
  const auto below = [&](std::uint32_t k) {
    return portable::normal_cdf((buckets().edges[k] - mean) * inverse_deviation);
  };
  return use(Quantised<decltype(below)>{below, kBuckets, kPosteriorBits});
}

}  // namespace

BitsBack::BitsBack(const ModelSettings& settings, const Vae& vae) {
  const auto* gaussian = vae.latent.as<GaussianLatent>();
  if (!gaussian)
    throw SettingError(
        fmt::format("`code` {}: bits-back coding is here for gaussian codes alone", settings.code.name()));
  if (condition_size(settings.condition) > 0)
    throw SettingError(
        fmt::format("`condition` {}: the networks want to be told what no image tells", settings.condition.name()));
  pixels_ = pixel_coder(vae.decoder, hash_);
  if (!pixels_)
    throw SettingError(fmt::format(
        "`likelihood` {}: a density, by which nothing can be coded\n"
        "help: bernoulli is a probability of bits; discretized-logistic, mixture and categorical are of 256 levels",
        settings.likelihood.name()));
  numbers_ = gaussian->network.in.numel();
  encoder_ = std::make_unique<portable::PortableNetwork>(gaussian->network, "encoder", hash_);
  mean_ = std::make_unique<portable::Matrix>(gaussian->mean.weight, gaussian->mean.bias, hash_);
  spread_ = std::make_unique<portable::Matrix>(gaussian->spread.weight, gaussian->spread.bias, hash_);
  sigma_ = gaussian->head == Head::sigma;
  hash_.add(std::uint64_t{sigma_});
  decoder_ = std::make_unique<portable::PortableNetwork>(*vae.decoder.network(), "decoder", hash_);
}

BitsBack::Posterior BitsBack::encode(std::span<const std::uint8_t> image) const {
  std::vector<double> x(image.size());
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = image[j] / 255.0;
  const std::vector<double> features = (*encoder_)(std::move(x));
  Posterior q{std::vector<double>(mean_->out()), std::vector<double>(spread_->out())};
  mean_->apply(features.data(), q.mean.data());
  spread_->apply(features.data(), q.inverse_deviation.data());
  for (double& s : q.inverse_deviation)
    s = sigma_ ? std::min(1 / portable::softplus(s), 1e300) : portable::exp(-0.5 * s);
  portable::check_finite(q.mean);
  portable::check_finite(q.inverse_deviation);
  return q;
}

std::vector<double> BitsBack::decode(const std::vector<std::uint32_t>& code) const {
  std::vector<double> z(code.size());
  for (std::size_t d = 0; d < z.size(); ++d) z[d] = buckets().centres[code[d]];
  return (*decoder_)(std::move(z));
}

void BitsBack::push(Ans& stack, std::span<const std::uint8_t> image) const {
  const Posterior q = encode(image);
  std::vector<std::uint32_t> code(q.mean.size());
  for (std::size_t d = 0; d < code.size(); ++d)  // a draw from q(z|x), by bits that come back
    code[d] = with_posterior(q.mean[d], q.inverse_deviation[d], [&](const auto& q_d) { return q_d.pop(stack); });
  pixels_->push(stack, image, decode(code));                                    // the image, by p(x|z)
  for (const std::uint32_t bucket : code) stack.push({bucket, 1}, kPriorBits);  // the code, by p(z)
}

void BitsBack::pop(Ans& stack, std::span<std::uint8_t> image) const {  // the same backwards
  std::vector<std::uint32_t> code(mean_->out());
  for (std::size_t d = code.size(); d-- > 0;) {
    code[d] = stack.top(kPriorBits);
    stack.pop({code[d], 1}, kPriorBits);
  }
  pixels_->pop(stack, image, decode(code));
  const Posterior q = encode(image);
  for (std::size_t d = code.size(); d-- > 0;)
    with_posterior(q.mean[d], q.inverse_deviation[d], [&](const auto& q_d) { q_d.push(stack, code[d]); });
}

}  // namespace GRADUS

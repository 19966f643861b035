#include "models/evaluation/encoded.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "models/training/streams.h"
#include "nn/files/checkpoint.h"

namespace GRADUS {

void check_finite(std::span<const Real> numbers, const char* what) {
  if (!std::ranges::all_of(numbers, [](Real x) { return std::isfinite(x); }))
    throw NumericError(fmt::format("the model's {} are not finite: it has overflowed", what));
}

/// Calls each(batch) for all images, and joins what it gives along axis 0.
static Tensor for_all(const Images& images, const Shown& shown, std::int64_t at_once,
                      const std::function<Tensor(const Minibatch&)>& each) {
  check(images.count > 0, "[encoded] there are no images");
  std::vector<Tensor> parts;
  for_each_test_batch(images, shown, images.count, at_once,
                      [&](const Minibatch& batch) { parts.push_back(each(batch)); });
  const Tensor all = concat(parts, 0);
  check_finite(all.values(), "codes");
  return all;
}

Encoded encoded(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once) {
  const Pause no_derivatives;
  Rng rng{.seed = 0, .stream = stream::kTest};
  Context context{.training = false, .rng = rng};
  Encoded all;
  std::vector<Tensor> deviations;
  all.codes = for_all(images, shown, at_once, [&](const Minibatch& batch) {
    const Tensor codes = vae.latent.code(batch, context);  // (B, Z)
    if (const auto q = vae.latent.posterior(batch, context)) deviations.push_back(exp(q->log_variance / 2));
    const Draw draw = vae.latent.draw(batch, 1, {}, context);
    const std::int64_t Z = codes.extent(-1);
    if (!draw.kl || draw.kl->extent(-1) < Z || (Z == 1 && draw.kl->rank() == 3)) return codes;
    const Tensor kl =
        reshape(*draw.kl, {codes.shape()[0], draw.kl->extent(-1)});  // of several layers: the code's first
    all.kl.resize(static_cast<std::size_t>(Z));
    for (std::int64_t b = 0; b < codes.shape()[0]; ++b)
      for (std::int64_t z = 0; z < Z; ++z) all.kl[z] += static_cast<double>(kl.view()(b, z));
    return codes;
  });
  for (double& kl : all.kl) kl /= static_cast<double>(images.count);
  if (!deviations.empty()) all.deviations = concat(deviations, 0);
  return all;
}

Tensor aggregate(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once, Rng& rng) {
  const Pause no_derivatives;
  Context context{.training = false, .rng = rng};
  return for_all(images, shown, at_once, [&](const Minibatch& batch) {
    const Tensor z = vae.latent.draw(batch, 1, {}, context).z;
    return reshape(z, z.shape().without(0));
  });
}

std::vector<Real> decoded(const Vae& vae, const Tensor& codes, const std::optional<Tensor>& condition,
                          std::int64_t at_once) {
  const Pause no_derivatives;
  Rng unused;
  Context context{.training = false, .rng = unused};
  const std::int64_t n = codes.shape()[0];
  std::vector<Real> images;
  for (std::int64_t begin = 0; begin < n; begin += at_once) {
    const auto part = [&](const Tensor& x) { return slice(x, 0, begin, std::min(begin + at_once, n)); };
    const std::vector<Real> values =
        vae.decoder.mean(part(codes), condition ? std::optional(part(*condition)) : std::nullopt, context).values();
    images.insert(images.end(), values.begin(), values.end());
  }
  check_finite(images, "images");
  return images;
}

Spread spread_of(const Tensor& codes) {
  const std::int64_t N = codes.shape()[0], Z = codes.shape()[1];
  Spread of{std::vector<double>(Z), std::vector<double>(Z)};
  const std::vector<Real> values = codes.values();
  for (std::size_t i = 0; i < values.size(); ++i) of.mean[i % Z] += static_cast<double>(values[i]);
  for (double& mean : of.mean) mean /= static_cast<double>(N);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double off = static_cast<double>(values[i]) - of.mean[i % Z];
    of.deviation[i % Z] += off * off;
  }
  for (double& sum : of.deviation) sum = std::sqrt(sum / static_cast<double>(N));
  return of;
}

Spread prior_spread(const Latent& latent) {
  const Pause no_derivatives;
  Rng rng{.seed = 0, .stream = stream::kPrior};
  return spread_of(latent.prior(4096, rng));
}

}  // namespace GRADUS

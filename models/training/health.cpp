#include "models/training/health.h"

#include <algorithm>
#include <cmath>

#include "nn/files/quote.h"
#include "nn/state.h"

namespace GRADUS {

std::string samples_text(std::span<const std::int64_t> samples, std::span<const std::int64_t> rows) {
  constexpr std::size_t kMost = 3;
  const std::size_t shown = std::min(samples.size(), kMost);
  std::string images, places;
  for (std::size_t i = 0; i < shown; ++i) {
    const char* between = i == 0 ? "" : i + 1 == shown && samples.size() == shown ? " and " : ", ";
    images += fmt::format("{}{}", between, rows[samples[i]]);
    places += fmt::format("{}{}", between, samples[i]);
  }
  const std::string more = samples.size() > shown ? fmt::format(" and {} more", samples.size() - shown) : "";
  const char* s = samples.size() == 1 ? "" : "s";
  return fmt::format("training image{0} {1}{2} (row{0} {3}{2} of the batch)", s, images, more, places);
}

std::string pixel_remark(const Config& config, const Images& images) {
  const std::int64_t looked = std::min<std::int64_t>(images.count, 1000);
  const std::string which = fmt::format("the first {} training images", looked);
  const auto end = static_cast<std::ptrdiff_t>(looked * images.pixels_per_image());
  if (images.numbers.empty()) {
    const auto [low, high] = std::minmax_element(images.pixels.begin(), images.pixels.begin() + end);
    if (*low == *high)
      return fmt::format(
          "all pixels of {} are {} of 255: there is nothing to learn\nhelp: look at the data with inspect", which,
          *low);
    if (*high < 16)
      return fmt::format("no pixel of {} is brighter than {} of 255, so that the model sees them almost black\n"
                         "help: a byte of 255 is white; a file of 0 and 1 wants its bytes times 255",
                         which, *high);
    return "";
  }
  double low = INFINITY, high = -INFINITY;
  for (std::ptrdiff_t i = 0; i < end; ++i) {
    const double x = images.scaling.seen(images.numbers[i], i % images.pixels_per_image());
    low = std::min(low, x), high = std::max(high, x);
  }
  if (low == high)
    return fmt::format("all numbers of {} are {:.4g}: there is nothing to learn\nhelp: look at the data with inspect",
                       which, images.numbers[0]);
  if (config.model.likelihood.is<GaussianLikelihood>() && std::max(-low, high) > 100)
    return fmt::format(
        "numbers of {} reach from {:.4g} to {:.4g} where the likelihood is of width 1\n"
        "help: `scale` standard brings them to deviation 1; `likelihood` shared-gaussian learns the width",
        which, low, high);
  return "";
}

static double raw_nats(const SampleShape& sample) { return static_cast<double>(sample.numel()) * std::log(256.0); }

bool explodes(double kl, const SampleShape& sample) { return kl > std::max(raw_nats(sample), 1000.0); }

std::string kl_remark(double kl, const Bound& bound, std::span<const std::int64_t> rows, const SampleShape& sample,
                      std::int64_t epoch, std::int64_t step) {
  const Tensor by_dimension = detach_contiguous(*bound.kl);  // (B, Z or 1)
  const std::vector<Real> values = by_dimension.values();
  const std::int64_t largest = std::ranges::max_element(values) - values.begin(), Z = by_dimension.shape()[1];
  const std::int64_t row[] = {largest / Z};
  return fmt::format("the KL divergence explodes: {:.3g} nats per image in epoch {}, step {}, where {:.0f} would do to "
                     "send the pixels as "
                     "they are; "
                     "the largest part, {:.3g}, is that of {}{}\n"
                     "help: try a smaller `lr`, a `clip` of 1, or a `beta_warmup`",
                     kl, epoch, step, raw_nats(sample), values[largest], samples_text(row, rows),
                     Z > 1 ? fmt::format(" in latent dimension {}", largest % Z) : "");
}

std::string collapse_remark(const Config& config, const EpochMetrics& metrics, std::int64_t steps) {
  constexpr double kNone = 0.1;
  const Objective& objective = config.objective;
  const bool held = objective.capacity > 0 || config.model.code.is<CodebookCode>();
  if (!metrics.test.kl || held || steps < 200 || !(std::abs(*metrics.test.kl) < kNone)) return "";
  return fmt::format(
      "the code has collapsed: after epoch {} q(z|x) is the prior (KL {:.4f} nats{}), so the model has learnt the "
      "frequencies of pixels only, and its samples are all alike\n"
      "help: try {}`free_bits`, a `beta_warmup`{}",
      metrics.epoch, *metrics.test.kl,
      metrics.active_units ? fmt::format(", {:.0f} of {} units active", *metrics.active_units, config.model.latent)
                           : "",
      objective.beta > 1 ? "a smaller `beta`, " : "",
      config.model.likelihood.is<GaussianLikelihood>() ? ", or `likelihood` shared-gaussian, which learns its width"
                                                       : ", or another `activation` or `init`");
}

std::string dead_codes_remark(const Vae& vae, const EpochMetrics& metrics, std::int64_t images) {
  const auto* latent = vae.latent.as<CodebookLatent>();
  if (!latent) return "";
  const CodeTable::Settings& table = latent->table.settings;
  const auto vectors = static_cast<double>(images * latent->table.places()), size = static_cast<double>(table.size);
  const auto used = std::ranges::find(metrics.test.figures, std::string("used_codes"), &Figure::name);
  if (used == metrics.test.figures.end() || vectors < 10 * size || !(used->value < size / 4)) return "";
  return fmt::format(
      "of the {} codes of \"encoder.codebook\" {:.0f} are dead: after epoch {} none of the test images is "
      "encoded by them\n"
      "help: try {}a smaller `codebook_size`, or a larger `commitment`",
      table.size, size - used->value, metrics.epoch, table.revive == 0 ? "a `revive` above 0, " : "");
}

std::string logits_remark(const Config& config, const Vae& vae, const Images& images) {
  const Likelihoods& likelihood = config.model.likelihood;
  if (!likelihood.is<BernoulliLikelihood>() && !likelihood.is<ContinuousBernoulliLikelihood>()) return "";
  constexpr Real kFlat = 30;
  const Pause no_derivatives;
  Rng unused;
  Context context{.training = false, .rng = unused};
  const auto rows =
      rows_between(0, std::min({images.count, std::int64_t{100}, images_at_once(vae, config.batch_size)}));
  const Minibatch batch = test_batch(images, rows, config.shown());
  const std::vector<Real> logits =
      vae.decoder.parameters(vae.latent.code(batch, context), batch.condition, context).values();
  const auto flat = [](Real l) { return std::abs(l) > kFlat; };
  const std::int64_t count = std::ranges::count_if(logits, flat);
  if (count * 20 <= static_cast<std::int64_t>(logits.size())) return "";
  const std::int64_t first = std::ranges::find_if(logits, flat) - logits.begin();
  const std::int64_t D = config.sample.numel();
  std::string output;
  for (const std::string& name : parameter_names(vae))
    if (name.starts_with("decoder.") && name.ends_with("weight")) output = name;
  return fmt::format("the logits are saturated: {:.0f} % of those behind \"{}\" are beyond ±{}, first that of pixel {} "
                     "of test image {} "
                     "({:.3g}); what is learnt from them is next to nothing\n"
                     "help: try a smaller `lr`, or a `clip` of 1",
                     100.0 * static_cast<double>(count) / static_cast<double>(logits.size()), output, kFlat, first % D,
                     first / D, logits[first]);
}

}  // namespace GRADUS

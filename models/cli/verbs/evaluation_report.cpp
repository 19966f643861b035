#include "models/cli/verbs/evaluation_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/files/quote.h"

namespace GRADUS {

namespace {

std::string line(const char* name, const std::string& text) { return fmt::format("{:<16}{}\n", name, text); }

std::string with_bits(double nats, const std::optional<double>& bits) {
  return fmt::format("{:10.4f} nats per image{}", nats, bits ? fmt::format(", {:.4f} bits per dimension", *bits) : "");
}

std::string importance_text(const Measurement& found) {
  const Importance& p = *found.importance;
  const auto& bits = found.importance_bits_per_dimension;
  std::string text = line("log p(x)", fmt::format("{:10.4f} ± {:.4f} nats per image, by {} draws for each{}",
                                                  p.log_likelihood, p.standard_error, p.draws,
                                                  bits ? fmt::format(", {:.4f} bits per dimension", *bits) : ""));
  text +=
      line("effective draws", fmt::format("{:10.4g} of {}, in the mean over the images", p.effective_draws, p.draws));
  if (p.curve.size() < 2) return text;
  std::string curve;
  for (std::size_t i = 0; i < p.curve.size(); ++i)
    curve += fmt::format("{}{}: {:.2f}",
                         i == 0       ? ""
                         : i % 5 == 0 ? fmt::format("\n{:<16}", "")
                                      : "  ",
                         p.curve[i].draws, p.curve[i].log_likelihood);
  text += line("by fewer draws", curve);
  return text + line("", fmt::format("the last doubling of draws added {:.3f} nats: {}", p.last_gain(),
                                     p.still_rises() ? "more would add more" : "it has settled"));
}

/// A bar for each dimension, the longest first.
std::string bars_of(const std::vector<double>& kl) {
  constexpr std::size_t kShown = 20;
  constexpr double kWidth = 40;
  std::vector<std::size_t> order(kl.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return kl[a] > kl[b]; });
  const double most = std::max(kl[order[0]], 1e-12);
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    std::string bar;
    for (int n = static_cast<int>(std::lround(kWidth * std::max(kl[order[i]], 0.0) / most)); n > 0; --n) bar += "█";
    text += line(i == 0 ? "KL by dimension" : "", fmt::format("{:5} {:8.4f} {}", order[i], kl[order[i]], bar));
  }
  if (order.size() > kShown)
    text += line("", fmt::format("and {} more, none above {:.4f}", order.size() - kShown, kl[order[kShown]]));
  return text;
}

std::string gap_text(const Discrepancy& gap) {
  return line("aggregate gap",
              fmt::format("{:10.3g} MMD² between {} codes and as many draws of p(z), p = {:.2g};\n{:<16}of one "
                          "distribution, it is below {:.2g} in 95 of 100 cases",
                          gap.squared, gap.draws, gap.p_value, "", gap.null_quantile95));
}

}  // namespace

std::string report_of(const Measurement& found) {
  const Evaluation& bound = found.bound;
  std::string text;
  if (const auto elbo = bound.elbo()) text += line("test ELBO", with_bits(*elbo, found.bits_per_dimension));
  text += line("log-likelihood", fmt::format("{:10.4f}{}", bound.log_likelihood, bound.kl ? "" : " nats per image"));
  if (bound.kl) text += line("KL divergence", fmt::format("{:10.4f}", *bound.kl));
  if (found.importance) text += importance_text(found);
  text += line("squared error", fmt::format("{:10.6f} of a pixel, in the mean", found.mean_squared_error()));
  if (found.units)
    text += line("active units", fmt::format("{:10} of {}", found.units->count(), found.units->variances().size()));
  if (found.gap) text += gap_text(*found.gap);
  for (const Figure& figure : bound.figures) text += line(figure.name, fmt::format("{:10.4f}", figure.value));
  if (bound.kl_by_dimension.size() > 1 && found.units) text += bars_of(bound.kl_by_dimension);
  const auto say = [&](const std::string& name) {
    return std::ranges::find(found.further, name, &std::pair<std::string, std::string>::first)->second;
  };
  return text + fmt::format("{} test images of {}, {}; {}; {}; {} checkpoint, {}\n", found.images, quote(say("place")),
                            say("pixels"), found.protocol.likelihood, say("elbo_estimator"), found.protocol.checkpoint,
                            say("progress"));
}

}  // namespace GRADUS

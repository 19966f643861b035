// What a distribution's draws are beside its density.
#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/audit_distribution_checks.h"
#include "tensor/parallel.h"

namespace GRADUS::detail {

std::string check_log_prob(Trial& s) {
  Rng rng{.seed = 11};
  s.shape = s.distribution().sample(rng).shape();
  s.size = s.shape.numel();
  check(s.size > 0, "there are no draws of the shape {}", s.shape);
  const AnyDistribution many = s.maker.make(repeated(s.parameters, kDraws));
  const Tensor x = many.sample(rng), log_p = many.log_prob(x);
  check(x.shape() == s.shape.inserted(0, kDraws), "repeated parameters give draws of the shape {}, not {}", x.shape(),
        s.shape.inserted(0, kDraws));
  check(log_p.shape() == x.shape(), "draws {} have log-probabilities {}", x.shape(), log_p.shape());
  s.draws = wide(x);
  for (const double v : s.draws) check(std::isfinite(v), "a draw is {}", v);
  const std::vector<double> values = wide(log_p);
  for (std::size_t i = 0; i < values.size(); ++i)
    check(std::isfinite(values[i]), "the draw {} has the log-probability {}", s.draws[i], values[i]);
  return fmt::format("draws of the shape {}, and a number for each of {}", s.shape, kDraws);
}

// The trapezoidal rule on a scale that has room for tails: x = middle + width·sinh y on the whole line, the end plus or
// minus width·eʸ on half of it, between two ends the logistic function of y.
static void place(Trial& s, std::int64_t element, std::vector<double> sorted) {
  const auto [print, low, high, step] = s.options;
  std::ranges::sort(sorted);
  const double middle = sorted[sorted.size() / 2];
  const double width =
      std::max(sorted[sorted.size() * 3 / 4] - sorted[sorted.size() / 4], 1e-6 * (1 + std::abs(middle)));
  for (std::int64_t i = 0; i < s.points; ++i) {
    double x, weight = 1;
    if (step != 0) {
      x = low + step * static_cast<double>(i);
    } else {
      const bool line = std::isinf(low) && std::isinf(high), segment = std::isfinite(low) && std::isfinite(high);
      const double from = line ? -17 : segment ? -40 : -60, to = line ? 17 : segment ? 40 : 17;
      const double h = (to - from) / static_cast<double>(s.points - 1), y = from + h * static_cast<double>(i);
      if (line) {
        x = middle + width * std::sinh(y), weight = h * width * std::cosh(y);
      } else if (segment) {
        const double part = 1 / (1 + std::exp(-y));
        x = low + (high - low) * part, weight = h * (high - low) * part / (1 + std::exp(y));
      } else {
        weight = h * width * std::exp(y);
        x = std::isfinite(low) ? low + width * std::exp(y) : high - width * std::exp(y);
      }
    }
    s.x[i * s.size + element] = x;
    s.weight[i * s.size + element] = weight;
  }
}

std::string check_normalisation(Trial& s) {
  const auto [print, low, high, step] = s.options;
  s.points = 4001;
  if (step != 0) {
    check(std::isfinite(low) && step > 0, "values in steps need a least one and a step above 0");
    const double last = std::isfinite(high) ? high : 2 * *std::ranges::max_element(s.draws) + 20 * step - low;
    s.points = std::llround((last - low) / step) + 1;
  }
  s.x.resize(s.points * s.size), s.weight.resize(s.points * s.size), s.mass.resize(s.points * s.size);
  for (std::int64_t e = 0; e < s.size; ++e) {
    std::vector<double> own;
    for (std::int64_t i = 0; i < kDraws; ++i) own.push_back(s.draw(i, e));
    place(s, e, std::move(own));
  }
  const std::vector<double> log_p = wide(s.maker.make(repeated(s.parameters, s.points)).log_prob(as_tensor(s, s.x)));
  std::vector<double> total(s.size);
  for (std::size_t i = 0; i < s.mass.size(); ++i) {
    s.mass[i] = std::isinf(log_p[i]) && s.weight[i] < 1e-12 ? 0 : s.weight[i] * std::exp(log_p[i]);
    total[i % s.size] += s.mass[i];
  }
  double worst = 0;
  for (std::int64_t e = 0; e < s.size; ++e) {
    check(std::abs(total[e] - 1) <= kIntegral, "element {}: the {} is {:.6g}, not 1", e,
          step != 0 ? "sum of the probabilities" : "integral of the density", total[e]);
    worst = std::max(worst, std::abs(total[e] - 1));
  }
  return fmt::format("the mass is 1 but for {:.1e}", worst);
}

static std::string check_frequencies(const Trial& s) {
  double worst = 0;
  for (std::int64_t e = 0; e < s.size; ++e) {
    std::vector<double> count(s.points);
    for (std::int64_t i = 0; i < kDraws; ++i) {
      const double place = (s.draw(i, e) - s.options.low) / s.options.step;
      const std::int64_t k = std::llround(place);
      check(k >= 0 && k < s.points && std::abs(place - static_cast<double>(k)) <= 1e-3,
            "element {}: the draw {} is not one of the values", e, s.draw(i, e));
      ++count[k];
    }
    for (std::int64_t k = 0; k < s.points; ++k) {
      const double p = s.mass[k * s.size + e], expected = kDraws * p, off = std::abs(count[k] - expected);
      const double allowed = kSigmas * std::sqrt(std::max(expected * (1 - p), 1.0)) + kDraws * kIntegral;
      check(off <= allowed, "element {}: of {} draws, {} are {}, and {:.1f} should be", e, kDraws, count[k],
            s.x[k * s.size + e], expected);
      worst = std::max(worst, off / allowed);
    }
  }
  return fmt::format("{} have the frequencies of their probabilities: the worst is {:.2g} of what is allowed", kDraws,
                     worst);
}

std::string check_draws(Trial& s) {
  if (s.options.step != 0) return check_frequencies(s);
  const double allowed = 2.7 / std::sqrt(static_cast<double>(kDraws)) + 1e-3;  // Kolmogorov and Smirnov, and the sums'
  double worst = 0;
  for (std::int64_t e = 0; e < s.size; ++e) {
    std::vector<double> own;
    for (std::int64_t i = 0; i < kDraws; ++i) own.push_back(s.draw(i, e));
    std::ranges::sort(own);
    double below = 0, last = -std::numeric_limits<double>::infinity();
    std::size_t seen = 0;
    const bool falling = std::isinf(s.options.low) && std::isfinite(s.options.high);  // points run from the upper end
    for (std::int64_t i = 0; i < s.points; ++i) {
      const std::int64_t at = (falling ? s.points - 1 - i : i) * s.size + e;
      const double half = s.mass[at] / 2;
      below += half;
      while (seen < own.size() && own[seen] <= s.x[at]) ++seen;
      const double off = std::abs(static_cast<double>(seen) / kDraws - below);
      if (s.x[at] > last) worst = std::max(worst, off);  // points that rounding has made one are looked at once
      last = s.x[at];
      below += half;
    }
    check(worst <= allowed, "element {}: the draws are {:.3g} off their distribution function, and {:.2g} is allowed",
          e, worst, allowed);
  }
  return fmt::format("{} are {:.2g} off their distribution function, of {:.2g} allowed", kDraws, worst, allowed);
}

std::string check_mean(Trial& s) {
  const AnyDistribution p = s.distribution();
  if (!p.mean) throw NotChecked("it has none, or draws are indices");
  const Tensor mean = p.mean();
  check(mean.shape() == s.shape, "draws {} have a mean {}", s.shape, mean.shape());
  const std::vector<double> truth = wide(mean);
  for (std::int64_t e = 0; e < s.size; ++e) {
    if (!std::isfinite(truth[e])) throw NotChecked(fmt::format("element {} is {}", e, truth[e]));
    double average = 0, square = 0;
    for (std::int64_t i = 0; i < kDraws; ++i) average += s.draw(i, e) / kDraws;
    for (std::int64_t i = 0; i < kDraws; ++i) square += (s.draw(i, e) - average) * (s.draw(i, e) - average) / kDraws;
    const double allowed = kSigmas * std::sqrt(square / kDraws) + 1e-5 * std::abs(average);
    check(std::abs(average - truth[e]) <= allowed, "element {} is {:.6g}, but the draws have {:.6g} (within {:.1g})", e,
          truth[e], average, allowed);
  }
  return "it is that of the draws";
}

std::string check_entropy(Trial& s) {
  const AnyDistribution p = s.distribution();
  if (!p.entropy) throw NotChecked("it has none");
  std::vector<double> truth;
  try {
    truth = wide(p.entropy());
  } catch (const Error& error) {
    throw NotChecked(error.what());
  }
  check(static_cast<std::int64_t>(truth.size()) == s.size, "there are {} for {} elements", truth.size(), s.size);
  std::vector<double> sum(s.size);
  for (std::size_t i = 0; i < s.mass.size(); ++i)
    if (s.mass[i] > 0) sum[i % s.size] -= s.mass[i] * std::log(s.mass[i] / s.weight[i]);
  for (std::int64_t e = 0; e < s.size; ++e)
    check(std::abs(sum[e] - truth[e]) <= 10 * kIntegral * (1 + std::abs(truth[e])),
          "element {} is {:.6g}, but that of the density is {:.6g}", e, truth[e], sum[e]);
  return "it is that of the density";
}

std::string check_repetition(Trial& s) {
  const AnyDistribution many = s.maker.make(repeated(s.parameters, kDraws));
  Rng first{.seed = 15}, next = first;
  const Tensor x = many.sample(first);
  check(first.counter != next.counter, "drawing does not move the generator on");
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    Rng again{.seed = 15};
    check(same_bits(many.sample(again), x) && again.counter == first.counter,
          "the same generator gives other draws with {} threads", count);
  }
  check(!same_bits(many.sample(first), x), "the next draws are the same");
  return "the same bits with 1, 2 and 3 threads";
}

std::string check_nan(Trial& s) {
  const auto nan_or_error = [&](const char* what, std::size_t parameter, const std::function<Tensor()>& f) {
    try {
      for (const double v : wide(f())) check(std::isnan(v), "parameter {} is NaN, and {} is {}", parameter, what, v);
    } catch (const NotChecked&) {
      throw;
    } catch (const Error& error) {
      if (std::string_view(error.what()).starts_with("parameter")) throw;
    }
  };
  Rng rng{.seed = 16};
  const Tensor x = s.distribution().sample(rng);
  for (std::size_t i = 0; i < s.parameters.size(); ++i) {
    std::vector<Tensor> bad = s.parameters;
    bad[i] = full(bad[i].shape(), std::numeric_limits<Real>::quiet_NaN());
    nan_or_error("a draw", i, [&] { return s.maker.make(bad).sample(rng); });
    nan_or_error("a log-probability", i, [&] { return s.maker.make(bad).log_prob(x); });
  }
  return "is not swallowed";
}

}  // namespace GRADUS::detail

// What a distribution's derivatives and divergences are beside its draws.
#include <algorithm>
#include <cmath>

#include "autograd/elementwise.h"
#include "autograd/gradcheck.h"
#include "nn/audit_distribution_checks.h"

namespace GRADUS::detail {

using In = std::span<const Tensor>;

/// Parameters `by` away from those given.
static std::vector<Tensor> beside(const Trial& s, Real by) {
  std::vector<Tensor> other;
  Rng rng{.seed = 13};
  for (const Tensor& p : s.parameters) other.push_back(p + normal(p.shape(), rng) * by);
  return other;
}
static bool has_divergence(const Trial& s) {
  try {
    s.maker.kl(s.parameters, s.parameters);
    return true;
  } catch (const Error&) {
    return false;
  }
}

static std::string gradient_of_order(Trial& s, int order) {
  GradcheckOptions options{.order = order, .elements = 16, .retries = 3};
  for (std::size_t i = 0; i < s.parameters.size(); ++i) options.names.push_back(fmt::format("parameter {}", i));
  Rng rng{.seed = 12};
  const Tensor x = detach(s.distribution().sample(rng));
  double worst = 0;
  const auto look = [&](const char* what, const TensorFunction& f, const std::vector<Tensor>& in) {
    const GradcheckResult result = gradcheck(f, in, options);
    check(result.passed, "of {}: {}", what, result.message);
    worst = std::max(worst, result.worst);
  };
  look("log_prob", [&](In in) { return s.maker.make(in).log_prob(x); }, s.parameters);
  const bool divergence = has_divergence(s);
  if (divergence) {
    std::vector<Tensor> both = s.parameters;
    for (const Tensor& p : beside(s, Real(0.3))) both.push_back(p);
    const std::size_t n = s.parameters.size();
    for (std::size_t i = 0; i < n; ++i) options.names.push_back(fmt::format("parameter {} of p", i));
    look("kl_divergence", [&](In in) { return s.maker.kl(in.first(n), in.last(n)); }, both);
  }
  return fmt::format("of log_prob{}: the worst is {:.2g} of what is allowed", divergence ? " and kl_divergence" : "",
                     worst);
}
std::string check_gradient(Trial& s) { return gradient_of_order(s, 1); }
std::string check_second_gradient(Trial& s) { return gradient_of_order(s, 2); }

// By h(x) = tanh of x in units of the draws' spread: the mean over draws of dh(x)/dθ beside d/dθ of Σ h·p over the
// points of the integral.
std::string check_rsample(Trial& s) {
  if (!s.distribution().rsample) throw NotChecked("it has none");
  if (s.options.step != 0) throw NotChecked("values in steps have no such derivative");
  Rng one{.seed = 14}, two = one;
  check(same_bits(s.distribution().sample(one), s.distribution().rsample(two)) && one.counter == two.counter,
        "sample and rsample draw differently from the same generator");
  std::vector<double> middle(s.size), width(s.size);
  for (std::int64_t e = 0; e < s.size; ++e) {
    std::vector<double> own;
    for (std::int64_t i = 0; i < kDraws; ++i) own.push_back(s.draw(i, e));
    std::ranges::sort(own);
    middle[e] = own[kDraws / 2] + 0.3 * (width[e] = own[kDraws * 3 / 4] - own[kDraws / 4]);
  }
  const Tensor m = as_tensor(s, middle), w = as_tensor(s, width);
  const auto h = [&](const Tensor& x) { return tanh((x - m) / w); };

  std::vector<Tensor> copies;
  for (const Tensor& p : repeated(s.parameters, kDraws)) copies.push_back(detach_contiguous(p));
  Tape path(copies);
  const std::vector<Tensor> by_draw = path.gradient(sum(h(s.maker.make(copies).rsample(one))));
  Tape integral(s.parameters);
  const Tensor x = as_tensor(s, s.x), weight = as_tensor(s, s.weight);
  const Tensor log_p = s.maker.make(repeated(s.parameters, s.points)).log_prob(x);
  const Tensor part = elementwise<"mass">(
      [](auto h, auto weight, auto log_p) { return where(weight < 1e-12, 0, h * weight * exp(log_p)); }, h(x), weight,
      log_p);
  const std::vector<Tensor> by_integral = integral.gradient(sum(part));

  double worst = 0;
  for (std::size_t k = 0; k < s.parameters.size(); ++k) {
    const std::vector<double> each = wide(by_draw[k]), truth = wide(by_integral[k]);
    const std::size_t n = truth.size();
    for (std::size_t j = 0; j < n; ++j) {
      double average = 0, square = 0;
      for (std::int64_t i = 0; i < kDraws; ++i) average += each[i * n + j] / kDraws;
      for (std::int64_t i = 0; i < kDraws; ++i) square += std::pow(each[i * n + j] - average, 2) / kDraws;
      const double off = std::abs(average - truth[j]);
      const double allowed = kSigmas * std::sqrt(square / kDraws) + 10 * kIntegral * (1 + std::abs(truth[j]));
      check(off <= allowed, "by element {} of parameter {} it averages to {:.4g}, and the integral's is {:.4g}", j, k,
            average, truth[j]);
      worst = std::max(worst, off / allowed);
    }
  }
  return fmt::format("its derivatives average to those of the integral: the worst is {:.2g} of what is allowed", worst);
}

std::string check_divergence(Trial& s) {
  if (!has_divergence(s)) throw NotChecked("there is no closed form");
  const std::vector<Tensor> other = beside(s, Real(0.3));
  const std::vector<double> truth = wide(s.maker.kl(s.parameters, other));
  check(static_cast<std::int64_t>(truth.size()) == s.size, "there are {} for {} elements", truth.size(), s.size);
  const Tensor x = as_tensor(s, s.draws);
  const std::vector<double> q = wide(s.maker.make(repeated(s.parameters, kDraws)).log_prob(x)),
                            p = wide(s.maker.make(repeated(other, kDraws)).log_prob(x));
  for (std::int64_t e = 0; e < s.size; ++e) {
    double average = 0, square = 0;
    for (std::int64_t i = e; i < kDraws * s.size; i += s.size) average += (q[i] - p[i]) / kDraws;
    for (std::int64_t i = e; i < kDraws * s.size; i += s.size) square += std::pow(q[i] - p[i] - average, 2) / kDraws;
    check(std::abs(average - truth[e]) <= kSigmas * std::sqrt(square / kDraws) + kIntegral,
          "element {} is {:.4g}, but log q - log p averages to {:.4g}", e, truth[e], average);
  }
  for (const double v : wide(s.maker.kl(s.parameters, s.parameters)))
    check(std::abs(v) <= 1e-6, "it is {:.3g} to itself", v);
  for (const Real by : {Real(1e-2), Real(1e-3), Real(1e-4)})
    for (const double v : wide(s.maker.kl(s.parameters, beside(s, by))))
      check(v >= 0, "it is {:.3g} to a distribution {} away", v, by);
  return "it is what log q - log p averages to";
}

}  // namespace GRADUS::detail

#include "nn/distributions/kl_divergence.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <regex>

#include "autograd/elementwise.h"
#include "nn/distributions/exp_excess.h"

namespace GRADUS {

constexpr double kRootTwoOverPi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
constexpr double kNormalEntropy = 1.41893853320467274178;  // ½(1 + log 2π), where the scale is 1

Tensor kl_divergence(const Normal& q, const Normal& p) {
  return elementwise<"kl_normal">(
      [](auto loc, auto log_variance, auto p_loc, auto p_log_variance) {
        const auto off = (loc - p_loc) * exp(p_log_variance / -2);
        return 0.5 * (off * off + exp_excess(log_variance - p_log_variance));
      },
      q.loc, q.log_variance, p.loc, p.log_variance);
}

// Of the outcome that q thinks the rarer, which has the logits a and b: its probabilities are q and p = q·eᵘ / Σ with
// u = b - a, exact where they are nearly the same, and Σ = 1 + q·(eᵘ - 1).
Tensor kl_divergence(const Bernoulli& q, const Bernoulli& p) {
  return elementwise<"kl_bernoulli">(
      [](auto q, auto p) {
        const Mask swapped = value(q) > 0;
        const auto a = where(swapped, -q, q);
        const auto b = where(swapped, -p, p);
        const auto u = b - a;
        const auto rare = sigmoid(a);
        const Mask near = abs(value(u)) < 1;
        const auto log_sum = where(near, log1p(rare * expm1(u)), softplus(b) - softplus(a));
        const auto d = where(near, u - log_sum, softplus(-a) - softplus(-b));
        return excess_of(rare, sigmoid(b), d) + sigmoid(-a) * exp_excess(-log_sum);
      },
      q.logits, p.logits);
}

// With r = log b/b' and t = |d|/b: eʳ·(e⁻ᵗ - 1 + t) + (eʳ - 1 - r).
Tensor kl_divergence(const Laplace& q, const Laplace& p) {
  return elementwise<"kl_laplace">(
      [](auto loc, auto log_scale, auto p_loc, auto p_log_scale) {
        const auto half = exp(log_scale / -2);
        const auto p_half = exp(p_log_scale / -2);
        const auto distance = abs(loc - p_loc);
        const auto r = log_scale - p_log_scale;
        const auto t = distance * half * half;
        const auto far = min(t, 4000);  // beyond it e^(r - t) is 0, whatever the scales
        return where(t < 1, exp(r) * exp_excess(-t), exp(r - far) - exp(r) + distance * p_half * p_half) +
               exp_excess(r);
      },
      q.loc, q.log_scale, p.loc, p.log_scale);
}

// Divergences between unlike distributions. They are bounded away from 0, but logarithms of scales may be large, so it is
// their difference that is computed with: r, the scale of q in units of that of p.

// With d = μ - μ' and t = d/σ: E|x - μ'| = σ·√(2/π)·e^(-t²/2) + d·erf(t/√2). From t = 40 on nothing changes any more.
Tensor kl_divergence(const Normal& q, const Laplace& p) {
  return elementwise<"kl_normal_laplace">(
      [](auto loc, auto log_variance, auto p_loc, auto p_scale) {
        const auto half = exp(p_scale / -2);  // e^-p_scale may overflow where the distance times it does not
        const auto d = loc - p_loc;
        const auto r = log_variance / 2 - p_scale;
        const auto t = min(max(d * exp(log_variance / -2), -40), 40);
        return kRootTwoOverPi * exp(r - t * t / 2) + d * half * half * erf(t / std::numbers::sqrt2) - r +
               (std::numbers::ln2 - kNormalEntropy);
      },
      q.loc, q.log_variance, p.loc, p.log_scale);
}

// With d = μ - μ' and t = d/s: E|x - μ'| = s·(log(1 + eᵗ) + log(1 + e⁻ᵗ)), which is |d| from |t| = 80 on.
Tensor kl_divergence(const Logistic& q, const Laplace& p) {
  return elementwise<"kl_logistic_laplace">(
      [](auto loc, auto scale, auto p_loc, auto p_scale) {
        const auto half = exp(scale / -2);
        const auto p_half = exp(p_scale / -2);
        const auto d = loc - p_loc;
        const auto r = scale - p_scale;
        const auto t = d * half * half;
        return where(abs(t) < 80, exp(r) * (softplus(t) + softplus(-t)), abs(d) * p_half * p_half) - r +
               (std::numbers::ln2 - 2);
      },
      q.loc, q.log_scale, p.loc, p.log_scale);
}

// To a Gaussian, of q with a scale s, the variance v·s² and the entropy e + log s:
// ½(v·s² + d²)/σ² - log s/σ + ½·log 2π - e.
static Tensor by_scale(const Tensor& loc, const Tensor& log_scale, const Normal& p, double v, double entropy) {
  const Real half_v = static_cast<Real>(v / 2), rest = static_cast<Real>(kNormalEntropy - 0.5 - entropy);
  return elementwise<"kl_to_normal">(
      [half_v, rest](auto loc, auto log_scale, auto p_loc, auto log_variance) {
        const auto off = (loc - p_loc) * exp(log_variance / -2);
        const auto r = log_scale - log_variance / 2;
        return half_v * exp(2 * r) + 0.5 * off * off - r + rest;
      },
      loc, log_scale, p.loc, p.log_variance);
}
Tensor kl_divergence(const Laplace& q, const Normal& p) {
  return by_scale(q.loc, q.log_scale, p, 2, 1 + std::numbers::ln2);
}
Tensor kl_divergence(const Logistic& q, const Normal& p) {
  return by_scale(q.loc, q.log_scale, p, std::numbers::pi * std::numbers::pi / 3, 2);
}

Tensor kl_divergence(const ContinuousBernoulli& q, const Normal& p) {
  return elementwise<"spread">(
             [](auto variance, auto log_variance) {
               const auto half = exp(log_variance / -2);
               return variance * half * half / 2;
             },
             q.variance(), p.log_variance) -
         p.log_prob(q.mean()) - q.entropy();
}

// Without namespaces: "Mixture<Normal>".
static std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> full(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  static const std::regex qualifier(R"((\w+|\(anonymous namespace\))::)");
  return std::regex_replace(status == 0 ? full.get() : type.name(), qualifier, "");
}

void detail::no_closed_form(const std::type_info& q, const std::type_info& p) {
  throw Error(fmt::format("[kl_divergence] no closed form is known here between {} and {}\n"
                          "help: estimate it by samples z of q: the mean of q.log_prob(z) - p.log_prob(z)",
                          name_of(q), name_of(p)));
}

}  // namespace GRADUS

#include "nn/distributions/kl_divergence.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <regex>

#include "autograd/elementwise.h"

namespace GRADUS {

constexpr double kRootTwoOverPi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;

Tensor kl_divergence(const Normal& q, const Normal& p) {
  return elementwise<"kl_normal">([](auto loc, auto log_variance, auto p_loc, auto p_log_variance) {
    const auto ratio = log_variance - p_log_variance;
    const auto off = (loc - p_loc) * exp(p_log_variance / -2);
    return 0.5 * (off * off + (expm1(ratio) - ratio)); }, q.loc, q.log_variance, p.loc, p.log_variance);
}

Tensor kl_divergence(const Bernoulli& q, const Bernoulli& p) {
  return elementwise<"kl_bernoulli">([](auto q, auto p) {
    return sigmoid(q) * (softplus(-p) - softplus(-q)) + sigmoid(-q) * (softplus(p) - softplus(q)); },
    q.logits, p.logits);
}

Tensor kl_divergence(const Laplace& q, const Laplace& p) {
  return elementwise<"kl_laplace">([](auto loc, auto log_scale, auto p_loc, auto p_log_scale) {
    const auto half = exp(log_scale / -2);
    const auto p_half = exp(p_log_scale / -2);
    const auto distance = abs(loc - p_loc);
    const auto ratio = log_scale - p_log_scale;
    const auto t = min(distance * half * half, 4000);  // beyond it e^(ratio - t) is 0, whatever the scales
    return expm1(ratio - t) - ratio + distance * p_half * p_half; },
    q.loc, q.log_scale, p.loc, p.log_scale);
}

// With d = μ - μ' and t = d/σ: E|x - μ'| = σ·√(2/π)·e^(-t²/2) + d·erf(t/√2). From t = 40 on nothing changes any more.
Tensor kl_divergence(const Normal& q, const Laplace& p) {
  const Tensor cross_entropy = elementwise<"normal_laplace">([](auto loc, auto log_variance, auto p_loc, auto p_scale) {
    const auto half = exp(p_scale / -2);  // e^-p_scale may overflow where the distance times it does not
    const auto d = loc - p_loc;
    const auto t = min(max(d * exp(log_variance / -2), -40), 40);
    return kRootTwoOverPi * exp(log_variance / 2 - p_scale - t * t / 2) +
           d * half * half * erf(t / std::numbers::sqrt2) + p_scale + std::numbers::ln2; },
    q.loc, q.log_variance, p.loc, p.log_scale);
  return cross_entropy - q.entropy();
}

// With d = μ - μ' and t = d/s: E|x - μ'| = s·(log(1 + eᵗ) + log(1 + e⁻ᵗ)), which is |d| from |t| = 80 on.
Tensor kl_divergence(const Logistic& q, const Laplace& p) {
  const Tensor cross_entropy = elementwise<"logistic_laplace">([](auto loc, auto scale, auto p_loc, auto p_scale) {
    const auto half = exp(scale / -2);
    const auto p_half = exp(p_scale / -2);
    const auto d = loc - p_loc;
    const auto t = d * half * half;
    return where(abs(t) < 80, exp(scale - p_scale) * (softplus(t) + softplus(-t)), abs(d) * p_half * p_half) + p_scale +
           std::numbers::ln2; },
    q.loc, q.log_scale, p.loc, p.log_scale);
  return cross_entropy - q.entropy();
}

// For any q: what E log p(x) needs of it is its mean and its variance v: log p(mean) - ½·v/σ².

static Tensor by_scale(const Tensor& entropy, const Normal& p, const Tensor& mean, const Tensor& log_scale, Real v) {
  return elementwise<"spread">([v](auto log_scale, auto log_variance) {  // v/2·scale²/σ², which neither may overflow
    return 0.5 * v * exp(2 * log_scale - log_variance); }, log_scale, p.log_variance) - p.log_prob(mean) - entropy;
}
Tensor kl_divergence(const Laplace& q, const Normal& p) { return by_scale(q.entropy(), p, q.loc, q.log_scale, 2); }
Tensor kl_divergence(const Logistic& q, const Normal& p) {
  return by_scale(q.entropy(), p, q.loc, q.log_scale, static_cast<Real>(std::numbers::pi * std::numbers::pi / 3));
}

Tensor kl_divergence(const ContinuousBernoulli& q, const Normal& p) {
  return elementwise<"spread">([](auto variance, auto log_variance) {
    const auto half = exp(log_variance / -2);
    return variance * half * half / 2; }, q.variance(), p.log_variance) - p.log_prob(q.mean()) - q.entropy();
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

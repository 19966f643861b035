// What all rules of nn/optim.h share: the moments, kept beside the parameters, and one step.
#include <cmath>

#include "nn/optim_rule.h"

namespace GRADUS {

Optimizer::Optimizer(const Rule& rule) : rule(rule) {
  const auto not_negative = [](double number, const char* name) {
    check(number >= 0 && std::isfinite(number), "[optimizer] the {} cannot be {}", name, number);
  };
  const auto fraction = [](double number, const char* name) {
    check(number >= 0 && number < 1, "[optimizer] {} must be from 0 to below 1, not {}", name, number);
  };
  std::visit([&](const auto& r) {
    not_negative(r.lr, "learning rate");
    if constexpr (requires { r.epsilon; }) not_negative(r.epsilon, "epsilon");
    if constexpr (requires { r.weight_decay; }) not_negative(r.weight_decay, "weight decay");
    if constexpr (requires { r.momentum; }) not_negative(r.momentum, "momentum");
    if constexpr (requires { r.alpha; }) fraction(r.alpha, "alpha");
    if constexpr (requires { r.beta1; }) fraction(r.beta1, "beta1"), fraction(r.beta2, "beta2");
    if constexpr (requires { r.nesterov; })
      check(!r.nesterov || r.momentum > 0, "[optimizer] Nesterov's look ahead needs a momentum above 0");
  }, rule);
}

std::span<const char* const> Optimizer::moment_names() const {
  return std::visit([](const auto& rule) { return detail::moments(rule); }, rule);
}

// Zeros for a first step; those of an earlier one must be these parameters'.
void Optimizer::prepare_moments(std::span<const Tensor> parameters) {
  const std::size_t each = moment_names().size();
  if (moments_rule_ == std::variant_npos) {
    std::vector<Tensor> fresh;
    for (const Tensor& x : parameters)
      for (std::size_t k = 0; k < each; ++k) fresh.push_back(zeros(x.shape()));
    moments_ = std::move(fresh);
    moments_rule_ = rule.index();
  }
  bool own = moments_rule_ == rule.index() && moments_.size() == parameters.size() * each;
  for (std::size_t i = 0; own && i < moments_.size(); ++i) own = moments_[i].shape() == parameters[i / each].shape();
  check(own, "[optimizer] the moments that it keeps are those of other parameters, or of another rule\n"
             "help: give every module, and every rule, an optimiser of its own; with a momentum a rule is another one");
}

void Optimizer::prepare(std::span<const Tensor> parameters, std::span<const Tensor> gradients) {
  check(parameters.size() == gradients.size(), "[optimizer] {} gradients for {} parameters", gradients.size(),
        parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    check(gradients[i].shape() == parameters[i].shape(),
          "[optimizer] parameter {} of shape {} has a gradient of shape {}", i, parameters[i].shape(),
          gradients[i].shape());
  prepare_moments(parameters);
}

void Optimizer::update(std::size_t i, Tensor& x, const Tensor& gradient, double factor) {
  const std::size_t each = moment_names().size();
  const std::span own = std::span(moments_).subspan(i * each, each);
  const Tensor g = detach_contiguous(gradient);
  std::visit([&](const auto& r) { detail::apply(r, {x, own, g, r.lr * factor, steps}); }, rule);
}

}  // namespace GRADUS

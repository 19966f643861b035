// What all rules share: the moments, kept beside the parameters, and one step.
#include "nn/optim/optimizer.h"

namespace GRADUS {

void detail::check_setting(const char* name, double value, const RealRange& range) {
  check(range.contains(value), "[optimizer] {} cannot be {}: it must be {}", name, value, to_string(range));
  const Real real = static_cast<Real>(value);
  check(range.contains(static_cast<double>(real)), "[optimizer] {} cannot be {}, which is {} in float: it must be {}",
        name, value, real, to_string(range));
}

void detail::check_setting(const char* name, std::int64_t value, const IntegerRange& range) {
  check(range.contains(value), "[optimizer] {} cannot be {}: it must be {}", name, value, to_string(range));
}

// Zeros for a first step; those of an earlier one must be these parameters'.
void Optimizer::prepare_moments(std::span<const Tensor> parameters) {
  const std::size_t each = rule->moments().size();
  if (!moments_rule_) {
    std::vector<Tensor> fresh;
    for (const Tensor& x : parameters)
      for (std::size_t k = 0; k < each; ++k) fresh.push_back(zeros(x.shape()));
    moments_ = std::move(fresh);
    moments_rule_ = &rule->type();
  }
  bool own = *moments_rule_ == rule->type() && moments_.size() == parameters.size() * each;
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

void Optimizer::update(std::span<Tensor* const> parameters, std::span<const Tensor> gradients, double factor) {
  const std::size_t each = rule->moments().size();
  std::vector<detail::Slot> slots;
  slots.reserve(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    slots.push_back({parameters[i], std::span(moments_).subspan(i * each, each), detach_contiguous(gradients[i])});
  rule->step(factor, ++steps, slots);
}

}  // namespace GRADUS

// An optimiser: how parameters follow their gradients, by any rule (rule.h). It keeps the rule's moments and counts
// steps; each parameter is updated in one pass over it, its gradient and its moments.
#pragma once

#include "nn/module.h"
#include "nn/optim/rule.h"

namespace GRADUS {

class Optimizer {
 public:
  using Rule = OptimizerRule;
  /// Optimizer(Adam{.lr = 1e-3}), or a rule of your own. Error for numbers that make no sense.
  explicit Optimizer(const Rule& chosen) : rule(chosen) {}

  /// Updates the parameters of `module` in place; gradients in the order of parameters(module). `factor` scales the
  /// rule's rate for this step (nn/schedule.h). Error when the gradients, or the moments kept so far, do not fit in
  /// number or shape, and then nothing is changed.
  template <class M>
  void step(M&& module, std::span<const Tensor> gradients, double factor = 1) {
    static_assert(!std::same_as<std::remove_cvref_t<M>, std::vector<Tensor>>,
                  "step takes the module itself: parameters(module) is a look at it, and an update of that would be "
                  "lost");
    prepare(parameters(module), gradients);
    std::vector<Tensor*> places;
    for_each_parameter(module, [&](const MemberPath&, Tensor& x) { places.push_back(&x); });
    update(places, gradients, factor);
  }

  /// Calls visit(name, moment) for the state that a checkpoint keeps beside `steps`: "m.encoder.hidden.0.weight". The
  /// moments are there from the start, as zeros.
  template <class M, class Visit>
  void for_each_moment(M& module, const Visit& visit) {
    prepare_moments(parameters(module));
    std::size_t i = 0;
    for_each_parameter(module, [&](const MemberPath& path, Tensor&) {
      for (const char* name : rule->moments()) visit(fmt::format("{}.{}", name, path.text()), moments_[i++]);
    });
  }

  Rule rule;
  std::int64_t steps = 0;

 private:
  void prepare(std::span<const Tensor> parameters, std::span<const Tensor> gradients);
  void prepare_moments(std::span<const Tensor> parameters);
  void update(std::span<Tensor* const> parameters, std::span<const Tensor> gradients, double factor);

  std::vector<Tensor> moments_;                   // the moments of parameter 0, those of parameter 1, …
  const std::type_info* moments_rule_ = nullptr;  // the rule that they belong to, once they exist
};

}  // namespace GRADUS

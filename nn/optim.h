// Optimisers: how parameters follow their gradients. A rule is a few lines on lanes (optim.cpp, optim_rules.cpp);
// everything else is shared (optimizer.cpp), and each parameter is updated in one pass over it, its gradient and its
// moments. For a rule of your own, loop over for_each_parameter (nn/module.h) outside of any tape.
#pragma once

#include <variant>

#include "nn/module.h"

namespace GRADUS {

/// Stochastic gradient descent: u ← momentum·u + g, x ← x - lr·u; with Nesterov's look ahead along the momentum,
/// x ← x - lr·(momentum·u + g) (Sutskever, Martens, Dahl, Hinton 2013).
struct Sgd {
  double lr = 1e-2;
  double momentum = 0;
  bool nesterov = false;
};

/// s ← s + g², x ← x - lr·g/(√s + ε) (Duchi, Hazan, Singer 2011).
struct Adagrad {
  double lr = 1e-2;
  double epsilon = 1e-10;
};

/// v ← α·v + (1-α)·g², u ← momentum·u + g/(√v + ε), x ← x - lr·u (Tieleman, Hinton 2012).
struct RmsProp {
  double lr = 1e-2;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
};

/// m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², x ← x - lr·m̂/(√v̂ + ε), with m̂ and v̂ corrected for their start at zero
/// (Kingma, Ba 2014).
struct Adam {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

/// Adam, and before it x ← x - lr·weight_decay·x (Loshchilov, Hutter 2017).
struct AdamW {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;
};

class Optimizer {
 public:
  using Rule = std::variant<Sgd, Adam, Adagrad, RmsProp, AdamW>;
  /// Error for numbers that make no sense: a negative rate, betas that are not in [0, 1), Nesterov without a momentum …
  explicit Optimizer(const Rule& rule);

  /// Updates the parameters of `module` in place; gradients in the order of parameters(module). `factor` scales the
  /// rule's rate for this step (nn/schedule.h). Error when the gradients, or the moments kept so far, do not fit in
  /// number or shape, and then nothing is changed.
  template <class M>
  void step(M&& module, std::span<const Tensor> gradients, double factor = 1) {
    static_assert(!std::same_as<std::remove_cvref_t<M>, std::vector<Tensor>>,
                  "step takes the module itself: parameters(module) is a look at it, and an update of that would be "
                  "lost");
    prepare(parameters(module), gradients);
    ++steps;
    std::size_t i = 0;
    for_each_parameter(module, [&](const MemberPath&, Tensor& x) { update(i, x, gradients[i], factor), ++i; });
  }

  /// Calls visit(name, moment) for the state that a checkpoint keeps beside `steps`: "m.encoder.hidden.0.weight". The
  /// moments are there from the start, as zeros.
  template <class M, class Visit>
  void for_each_moment(M& module, const Visit& visit) {
    prepare_moments(parameters(module));
    std::size_t i = 0;
    for_each_parameter(module, [&](const MemberPath& path, Tensor&) {
      for (const char* name : moment_names()) visit(fmt::format("{}.{}", name, path.text()), moments_[i++]);
    });
  }

  Rule rule;
  std::int64_t steps = 0;

 private:
  std::span<const char* const> moment_names() const;
  void prepare(std::span<const Tensor> parameters, std::span<const Tensor> gradients);
  void prepare_moments(std::span<const Tensor> parameters);
  void update(std::size_t i, Tensor& x, const Tensor& gradient, double factor);

  std::vector<Tensor> moments_;   // the moments of parameter 0, those of parameter 1, …
  std::size_t moments_rule_ = std::variant_npos;  // the rule that they belong to, by its place in Rule, once they exist
};

}  // namespace GRADUS

// Optimisers: how parameters follow their gradients. A rule is a few lines on lanes (optim.cpp, optim_rules.cpp);
// everything else is shared, and each parameter is updated in one pass over it, its gradient and its moments.
#pragma once

#include <variant>

#include "nn/module.h"

namespace gradus::inline GRADUS_FLAVOUR {

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
  /// Error for Nesterov's rule without momentum.
  explicit Optimizer(const Rule& rule) : rule(rule) {
    if (const Sgd* sgd = std::get_if<Sgd>(&rule))
      check(!sgd->nesterov || sgd->momentum > 0, "[optimizer] Nesterov's look ahead needs a momentum above 0");
  }

  /// Updates the parameters of `module` in place; gradients in the order of parameters(module). `factor` scales the
  /// rule's rate for this step (nn/schedule.h). Error when the gradients' number or shapes do not fit, and then nothing
  /// is changed.
  template <class M>
  void step(M& module, std::span<const Tensor> gradients, double factor = 1) {
    static_assert(!std::same_as<M, std::vector<Tensor>>,
                  "step takes the module itself: parameters(module) is a look at it, and an update of that would be lost");
    check_fit(parameters(module), gradients);
    ++steps;
    std::size_t i = 0;
    for_each_parameter(module, [&](const Path&, Tensor& x) { update(i, x, gradients[i], factor), ++i; });
  }

  /// Calls visit(name, moment) for the state that a checkpoint keeps beside `steps`: "m.encoder.hidden.0.weight". The
  /// moments are there from the start, as zeros.
  template <class M, class Visit>
  void for_each_moment(M& module, const Visit& visit) {
    std::size_t i = 0;
    for_each_parameter(module, [&](const Path& path, Tensor& x) {
      const auto names = moment_names();
      std::span<Tensor> own = moments_of(i++, x);
      for (std::size_t k = 0; k < own.size(); ++k) visit(fmt::format("{}.{}", names[k], path.text()), own[k]);
    });
  }

  Rule rule;
  std::int64_t steps = 0;

 private:
  std::span<const char* const> moment_names() const;
  std::span<Tensor> moments_of(std::size_t i, const Tensor& x);
  static void check_fit(std::span<const Tensor> parameters, std::span<const Tensor> gradients);
  void update(std::size_t i, Tensor& x, Tensor gradient, double factor);

  std::vector<Tensor> moments_;  // the moments of parameter 0, those of parameter 1, …
};

}  // namespace gradus::inline GRADUS_FLAVOUR

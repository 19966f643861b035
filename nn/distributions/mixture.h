// Mixture: a weighted choice between K components of one kind.
#pragma once

#include "nn/distributions/categorical.h"

namespace GRADUS {

/// p(x) = Σ w[k]·p[k](x): `component` holds the parameters of all components along its last axis, (…, K), and
/// w = softmax(logits) along the last axis of `logits`, (…, K). One x has the shape (…) without that axis.
template <class Component>
struct Mixture {
  Tensor logits;
  Component component;

  /// No rsample: the choice has no derivative. NaN where a component's draw is. Error unless the component's parameters have all of the mixture's axes,
  /// for each element draws its own.
  Tensor sample(Rng& rng) const {
    const Pause no_derivatives;
    const Tensor draws = component.sample(rng);
    check(draws.shape() == broadcast("mixture", draws.shape(), logits.shape()),
          "[mixture] components {} do not have all axes of the logits {}\n"
          "help: broadcast_to the component's parameters",
          draws.shape(), logits.shape());
    const Indices choice = Categorical{broadcast_to(logits, draws.shape())}.sample(rng);
    const Tensor drawn = gather(draws, -1, {choice.shape.inserted(choice.shape.rank(), 1), choice.values});
    const Tensor largest = max(draws, {-1}, keepdim);  // NaN where a component is, chosen or not: so is log_prob
    return reshape(where(equal(largest, largest), drawn, largest), choice.shape);
  }
  Tensor log_prob(const Tensor& x) const {
    const Tensor each = component.log_prob(reshape(x, x.shape().inserted(x.rank(), 1)));  // (…, K)
    check_components(each.shape());
    return logsumexp(each + log_softmax(logits, -1), -1);
  }
  /// Always an Error: the entropy of a mixture has no closed form.
  Tensor entropy() const {
    throw Error("[mixture] the entropy has no closed form\n"
                "help: estimate it by samples: the mean of -p.log_prob(p.sample(rng))");
  }
  Tensor mean() const {
    const Tensor each = component.mean();
    check_components(each.shape());
    return sum(softmax(logits, -1) * each, -1);
  }

 private:
  void check_components(const Shape& each) const {
    const int last = each.rank() - 1;
    check(logits.rank() >= 1 && last >= 0 && logits.extent(-1) >= 1 &&
              (each[last] == logits.extent(-1) || each[last] == 1),
          "[mixture] logits {} and components {} differ in the last axis, that of the components", logits.shape(),
          each);
  }
};

}  // namespace GRADUS

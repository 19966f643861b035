#include "nn/optim.h"

#include <cmath>

#include "nn/optim_rule.h"

namespace gradus::inline GRADUS_FLAVOUR {
namespace detail {

constexpr const char* kSgdMoments[] = {"velocity"};
constexpr const char* kAdamMoments[] = {"m", "v"};

Names moments(const Sgd& sgd) { return Names(kSgdMoments, sgd.momentum == 0 ? 0 : 1); }
Names moments(const Adam&) { return kAdamMoments; }

void apply(const Sgd& sgd, const Slot& slot) {
  const Batch lr = slot.lr, momentum = sgd.momentum;
  if (sgd.momentum == 0) return slot.update<1>([=](auto& lanes, Batch g) { lanes[0] -= lr * g; });
  slot.update<2>([=, nesterov = sgd.nesterov](auto& lanes, Batch g) {
    auto& [x, velocity] = lanes;
    velocity = momentum * velocity + g;
    x -= lr * (nesterov ? momentum * velocity + g : velocity);
  });
}

void apply(const Adam& adam, const Slot& slot, double keep) {
  const double t = static_cast<double>(slot.step);  // the corrections in double: 1 - βᵗ cancels
  const Batch rate = slot.lr / (1 - std::pow(adam.beta1, t));
  const Batch scale = 1 / std::sqrt(1 - std::pow(adam.beta2, t));
  const Batch beta1 = adam.beta1, beta2 = adam.beta2, rest1 = 1 - adam.beta1, rest2 = 1 - adam.beta2;
  slot.update<3>([=, kept = Batch(keep), epsilon = Batch(adam.epsilon)](auto& lanes, Batch g) {
    auto& [x, m, v] = lanes;
    m = beta1 * m + rest1 * g;
    v = beta2 * v + rest2 * g * g;
    x = kept * x - rate * m / (sqrt(v) * scale + epsilon);
  });
}

}  // namespace detail

std::span<const char* const> Optimizer::moment_names() const {
  return std::visit([](const auto& rule) { return detail::moments(rule); }, rule);
}

std::span<Tensor> Optimizer::moments_of(std::size_t i, const Tensor& x) {
  const std::size_t each = moment_names().size();
  while (moments_.size() < (i + 1) * each) moments_.push_back(zeros(x.shape()));
  return std::span(moments_).subspan(i * each, each);
}

void Optimizer::check_fit(std::span<const Tensor> parameters, std::span<const Tensor> gradients) {
  check(parameters.size() == gradients.size(), "[optimizer] {} gradients for {} parameters", gradients.size(),
        parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    check(gradients[i].shape() == parameters[i].shape(), "[optimizer] parameter {} of shape {} has a gradient of shape {}",
          i, parameters[i].shape(), gradients[i].shape());
}

void Optimizer::update(std::size_t i, Tensor& x, Tensor gradient, double factor) {
  if (!gradient.contiguous()) gradient.write();
  std::visit([&](const auto& r) { detail::apply(r, {x, moments_of(i, x), gradient, r.lr * factor, steps}); }, rule);
}

}  // namespace gradus::inline GRADUS_FLAVOUR

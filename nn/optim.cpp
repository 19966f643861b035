#include "nn/optim.h"

#include <cmath>

#include "tensor/update.h"

namespace gradus::inline GRADUS_FLAVOUR {
namespace {

constexpr const char* kSgdMoments[] = {"velocity"};
constexpr const char* kAdamMoments[] = {"m", "v"};

std::span<const char* const> names(const Sgd& sgd) { return std::span(kSgdMoments, sgd.momentum == 0 ? 0 : 1); }
std::span<const char* const> names(const Adam&) { return kAdamMoments; }

}  // namespace

std::span<const char* const> Optimizer::moment_names() const {
  return std::visit([](const auto& rule) { return names(rule); }, rule);
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

void Optimizer::update(std::size_t i, Tensor& x, Tensor gradient) {
  if (!gradient.contiguous()) gradient.write();
  const Real* g = gradient.view().data;
  const std::span<Tensor> own = moments_of(i, x);
  Real* at = x.write().data;

  if (const Sgd* sgd = std::get_if<Sgd>(&rule)) {
    const Batch lr = sgd->lr, momentum = sgd->momentum;
    if (own.empty())
      kernel::update<1>({at}, g, x.numel(), [=](auto& lanes, Batch g) { lanes[0] -= lr * g; });
    else
      kernel::update<2>({at, own[0].write().data}, g, x.numel(), [=](auto& lanes, Batch g) {
        auto& [x, velocity] = lanes;
        velocity = momentum * velocity + g;
        x -= lr * velocity;
      });
  } else {
    const Adam& adam = std::get<Adam>(rule);
    const double t = static_cast<double>(steps);  // the corrections in double: 1 - βᵗ cancels
    const Batch rate = adam.lr / (1 - std::pow(adam.beta1, t));
    const Batch scale = 1 / std::sqrt(1 - std::pow(adam.beta2, t));
    const Batch beta1 = adam.beta1, beta2 = adam.beta2, rest1 = 1 - adam.beta1, rest2 = 1 - adam.beta2;
    const Batch epsilon = adam.epsilon;
    kernel::update<3>({at, own[0].write().data, own[1].write().data}, g, x.numel(), [=](auto& lanes, Batch g) {
      auto& [x, m, v] = lanes;
      m = beta1 * m + rest1 * g;
      v = beta2 * v + rest2 * g * g;
      x -= rate * m / (sqrt(v) * scale + epsilon);
    });
  }
}

}  // namespace gradus::inline GRADUS_FLAVOUR

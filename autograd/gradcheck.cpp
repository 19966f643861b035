#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/random.h"

namespace gradus::inline GRADUS_FLAVOUR {
namespace {

// Gradients of Σ w·f(inputs) by the inputs: zeros where f has no derivative at all.
std::vector<Tensor> gradients(const TensorFunction& f, std::span<const Tensor> inputs, const Tensor& w) {
  Tape tape(inputs);
  const Tensor y = f(inputs);
  if (tracked(y)) return tape.gradient(sum(y * w));
  std::vector<Tensor> none;
  for (const Tensor& x : inputs) none.push_back(zeros(x.shape()));
  return none;
}

double weighted_sum(const TensorFunction& f, std::span<const Tensor> inputs, std::span<const Real> w) {
  const std::vector<Real> y = f(inputs).values();
  double total = 0;
  for (std::size_t i = 0; i < y.size(); ++i) total += static_cast<double>(w[i]) * y[i];
  return total;
}

GradcheckResult check_first_order(const TensorFunction& f, std::vector<Tensor> inputs, int order,
                                  const GradcheckOptions& options) {
  Rng rng{.seed = 2, .stream = static_cast<std::uint64_t>(order)};
  const Tensor w = normal(f(inputs).shape(), rng);
  const std::vector<Real> weights = w.values();
  const std::vector<Tensor> analytic = gradients(f, inputs, w);

  GradcheckResult result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<Real> expected = analytic[i].values();
    const std::int64_t elements = std::min(inputs[i].numel(), options.elements);
    for (std::int64_t k = 0; k < elements; ++k) {
      const std::int64_t e = elements < inputs[i].numel() ? k * inputs[i].numel() / elements : k;
      const auto at = [&](Real shift) {  // the function with one element moved
        Tensor& x = inputs[i];
        Real& element = x.write().data[e];
        const Real before = std::exchange(element, element + shift);
        const double value = weighted_sum(f, inputs, weights);
        x.write().data[e] = before;
        return value;
      };
      double numeric = 0, off = 0, change = 0;  // the last as a multiple of what is allowed, too
      Real step = options.step;
      for (int retry = 0; retry <= options.retries; ++retry, step /= 8) {
        const double before = std::exchange(
            numeric, (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * static_cast<double>(step)));
        const double allowed =
            options.atol + options.rtol * std::max(std::abs(numeric), std::abs(static_cast<double>(expected[e])));
        off = std::abs(numeric - static_cast<double>(expected[e])) / allowed;
        change = retry == 0 ? 0 : std::abs(numeric - before) / allowed;
        if (off <= 1) break;
      }
      ++result.checked;
      if (off > 1 && change > 1) {
        ++result.unclear;
        continue;
      }
      if (off <= result.worst) continue;  // false for NaN
      result.worst = off;
      if (off <= 1) continue;
      result.passed = false;
      const std::string name = i < options.names.size() ? options.names[i] : fmt::format("input {}", i);
      result.message = fmt::format("order {}, {} of shape {}, element {}: gradient {}, central difference {}", order,
                                   name, inputs[i].shape(), e, expected[e], numeric);
      if (std::isnan(off)) return result;
    }
  }
  return result;
}

}  // namespace

GradcheckResult gradcheck(const TensorFunction& f, std::vector<Tensor> inputs, const GradcheckOptions& options) {
  check(options.order == 1 || options.order == 2, "[gradcheck] order {} is neither 1 nor 2", options.order);
  GradcheckResult first = check_first_order(f, inputs, 1, options);
  if (options.order == 1 || !first.passed) return first;

  // The gradient as a function of the inputs and the weights, all in one vector.
  Rng rng{.seed = 1};
  const std::size_t n = inputs.size();
  const Tensor w = normal(f(inputs).shape(), rng);
  inputs.push_back(w);
  const TensorFunction gradient = [&](std::span<const Tensor> in) {
    std::vector<Tensor> parts = gradients(f, in.first(n), in[n]);
    for (Tensor& part : parts) part = reshape(part, {part.numel()});
    return concat(parts, 0);
  };
  const GradcheckResult second = check_first_order(gradient, inputs, 2, options);
  return second.worst > first.worst || second.unclear > 0 || !second.passed ? second : first;
}

}  // namespace gradus::inline GRADUS_FLAVOUR

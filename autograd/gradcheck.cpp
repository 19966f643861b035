#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>

#include "autograd/joint.h"
#include "autograd/ops.h"
#include "tensor/random.h"

namespace GRADUS {
namespace {

// Gradients of Σ w·f(inputs) by the inputs: zeros where f has no derivative at all.
std::vector<Tensor> gradients(const TensorFunction& f, std::span<const Tensor> inputs, const Tensor& w) {
  Tape tape(inputs);
  const Tensor y = f(inputs);
  return tape.knows(y) ? tape.gradient(sum(y * w)) : detail::zeros_like(inputs);
}

struct Estimate {
  double value;
  double rounding;  // by which it may be off
};

/// d Σ w·f(inputs) / d element e of input i, by differences.
Estimate central_difference(const TensorFunction& f, std::span<Tensor> inputs, std::span<const Real> w, std::size_t i,
                            std::int64_t e, Real step) {
  const auto at = [&](Real shift) {  // the function with the element moved
    Real& element = inputs[i].write().data[e];
    const Real before = std::exchange(element, element + shift);
    const std::vector<Real> y = f(inputs).values();
    inputs[i].write().data[e] = before;
    return y;
  };
  const std::vector<Real> near[] = {at(-step), at(step)}, far[] = {at(-2 * step), at(2 * step)};
  double sum = 0, moved = 0;  // what does not move has no rounding either
  for (std::size_t k = 0; k < w.size(); ++k) {
    const double low = near[0][k], high = near[1][k];
    sum += w[k] * (8 * (high - low) - (static_cast<double>(far[1][k]) - far[0][k]));
    if (low != high) moved += std::abs(w[k]) * std::max(std::abs(low), std::abs(high));
  }
  constexpr double ulps = 4;  // that a value may be off
  return {sum / (12 * static_cast<double>(step)), 1.5 * ulps * std::numeric_limits<Real>::epsilon() * moved / step};
}

GradcheckResult check_first_order(const TensorFunction& f, std::vector<Tensor> inputs, int order,
                                  const GradcheckOptions& options) {
  Rng rng{.seed = 2, .stream = static_cast<std::uint64_t>(order)};
  const Tensor w = normal(f(inputs).shape(), rng);
  const std::vector<Real> weights = w.values();
  const std::vector<Tensor> analytic = gradients(f, inputs, w);

  struct Element {
    std::size_t input;
    std::int64_t position;
    double gradient;
    Estimate first;
  };
  std::vector<Element> elements;
  double largest = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<Real> gradient = analytic[i].values();
    const std::int64_t all = inputs[i].numel(), count = std::min(all, options.elements);
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t e = count < all ? k * all / count : k;
      elements.push_back({i, e, gradient[e], central_difference(f, inputs, weights, i, e, options.step)});
      largest = std::max({largest, std::abs(elements.back().gradient), std::abs(elements.back().first.value)});
    }
  }
  const double atol = options.atol * std::clamp(largest, 1e-3, 1.0);

  GradcheckResult result;
  for (const auto& [i, e, gradient, first] : elements) {
    double numeric = first.value, off = 0, change = 0;  // the last two as multiples of what is allowed
    Real step = options.step;
    for (int retry = 0;; ++retry) {
      const double allowed = atol + first.rounding + options.rtol * std::max(std::abs(numeric), std::abs(gradient));
      off = std::abs(numeric - gradient) / allowed;
      if (off <= 1 || retry == options.retries) break;
      const double before = numeric;
      numeric = central_difference(f, inputs, weights, i, e, step /= 8).value;
      change = std::abs(numeric - before) / allowed;
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
    result.message = fmt::format("order {}, {} of shape {}, element {}: gradient {:.6g}, central difference {:.6g}",
                                 order, name, inputs[i].shape(), e, gradient, numeric);
    if (std::isnan(off)) return result;
  }
  return result;
}

}  // namespace

GradcheckResult gradcheck(const TensorFunction& f, std::vector<Tensor> inputs, const GradcheckOptions& options) {
  check(options.order == 1 || options.order == 2, "[gradcheck] order {} is neither 1 nor 2", options.order);
  check(!inputs.empty(), "[gradcheck] there is no input to differentiate by");
  for (Tensor& x : inputs) x = detach(x);  // one tensor given twice is two arguments
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
  GradcheckResult second = check_first_order(gradient, inputs, 2, options);
  if (!second.passed)
    second.message +=
        "\nhelp: the gradient is right, but not its own: a VJP is not made of ops alone, or captures more "
        "than the op's arguments and output; custom_vjp takes such a one as once(vjp)";
  GradcheckResult both = second.worst > first.worst || !second.passed ? second : first;
  both.checked = first.checked + second.checked;
  both.unclear = first.unclear + second.unclear;
  return both;
}

}  // namespace GRADUS

#include "autograd/joint.h"

#include "autograd/ops.h"

namespace GRADUS::detail {

std::vector<Tensor> renamed(std::span<const Tensor> x) {
  std::vector<Tensor> all;
  all.reserve(x.size());
  for (const Tensor& each : x)
    all.push_back(record("input", detach(each), arg(each, [](const Tensor& g) { return g; })));
  return all;
}

std::vector<Tensor> zeros_like(std::span<const Tensor> x) {
  std::vector<Tensor> all;
  for (const Tensor& each : x) all.push_back(zeros(each.shape()));
  return all;
}

Tensor untracked(const char* op, const Tensor& y) {
  check(!tracked(y),
        "[{}] the function depends on a tensor that a tape watches and that is not among its inputs\nhelp: pass it as "
        "an input, or stop_gradient(it) to make it a constant",
        op);
  return detach(y);
}

Tensor without_derivative(const char* op, const Tensor& dx, std::span<const Tensor> from) {
  const auto vjp = [op = std::string(op)](const Tensor&) -> Tensor {
    throw Error(fmt::format("[{}] its VJP is marked `once`: it cannot be differentiated again\nhelp: write the VJP in "
                            "public ops, of its arguments, and leave the mark out",
                            op));
  };
  std::vector<Arg<std::remove_const_t<decltype(vjp)>>> args;
  args.reserve(from.size());
  for (const Tensor& x : from) args.push_back(arg(x, vjp));
  const std::vector<Argument> arguments(std::move_iterator(args.begin()), std::move_iterator(args.end()));
  return record(op, detach(dx), std::span(arguments));
}

Tensor bundle(std::span<const Tensor> inputs) {
  const auto vjp_of = [](std::int64_t begin, std::int64_t end, const Shape& shape) {
    return [=](const Tensor& g) { return reshape(slice(g, 0, begin, end), shape); };
  };
  std::vector<Arg<decltype(vjp_of(0, 0, {}))>> args;
  args.reserve(inputs.size());
  std::int64_t size = 0;
  for (const Tensor& x : inputs) {
    const std::int64_t end = checked_add(size, x.numel());
    args.push_back(arg(x, vjp_of(std::exchange(size, end), end, x.shape())));
  }
  const std::vector<Argument> arguments(std::move_iterator(args.begin()), std::move_iterator(args.end()));
  return record("bundle", detach(zeros({1}), {size}, {}), std::span(arguments));  // one zero, repeated
}

Tensor bundled(const char* op, std::span<const Tensor> gradients, std::span<const Tensor> inputs) {
  check(gradients.size() == inputs.size(), "[{}] the VJP gave {} gradients for {} inputs", op, gradients.size(),
        inputs.size());
  std::vector<Tensor> flat;
  flat.reserve(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(gradients[i].shape() == inputs[i].shape(),
          "[{}] the VJP of argument {} gave shape {} for an argument of shape {}", op, i, gradients[i].shape(),
          inputs[i].shape());
    flat.push_back(reshape(gradients[i], {gradients[i].numel()}));
  }
  return concat(flat, 0);
}

}  // namespace GRADUS::detail

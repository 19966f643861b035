#include "autograd/elementwise.h"

#include <algorithm>

#include "autograd/ops.h"

namespace GRADUS {

constexpr Formula kTooDeep{};

namespace detail {

template <int arity>
using Tensors = std::array<Tensor, arity>;

template <int arity>
static Tensor weighted(const Formula& formula, const Captures& captures, const Tensor& g, const Tensors<arity>& x);

// slope·d as an op, 0 where d is 0: what dual.h's chain is to lanes.
static Tensor chain(const Tensor& slope, const Tensor& d) {
  Tensor out(d.shape());
  kernel::map([](Batch slope, Batch d) { return chain(slope, d); }, out.write(), {slope.view(), d.view()});
  return record("chain", std::move(out), arg(slope, [d](const Tensor& h) { return chain(d, h); }),
                arg(d, [slope](const Tensor& h) { return chain(slope, h); }));
}

// The VJP of f(x…) by xⱼ, h ↦ h·∂f/∂xⱼ; of a weighted derivative g·∂f(x…), h ↦ (h·g)·∂∂f/∂xⱼ. This last h is itself a
// derivative, by what an outer tape watches, and so where it is 0 all is.
template <int arity>
struct VjpByInput {
  const Formula& formula;
  Captures captures;
  Tensors<arity> x;
  int j;
  Tensor g;  // the weight, where order > 0

  Tensor operator()(const Tensor& h) const {
    if (formula.order == 0 && formula.slope && std::any_of(x.begin(), x.end(), tracked))
      return chain(h, formula.slope(captures.bytes.data(), j, x));
    const Formula* next = formula.partial[j];
    check(next != &kTooDeep,
          "[{}] its derivative of order {} is not compiled in\n"
          "help: elementwise<name, order> compiles order 1 or 2; Smooth (autograd/smooth.h) takes the slope in public "
          "ops and has all",
          formula.name, formula.order + 1);
    return weighted<arity>(*next, captures, formula.order == 0 ? h : chain(g, h), x);
  }
};

template <std::size_t inputs>
static Tensor evaluate(const Formula& formula, const Captures& captures, const ConstView (&in)[inputs]) {
  Tensor out(in[0].shape);
  kernel::map_rows(formula.row, captures.bytes.data(), out.write(), in);
  return out;
}

// g·∂ᵏf(x…). It is linear in g, so its VJP by g is itself.
template <int arity>
static Tensor weighted(const Formula& formula, const Captures& captures, const Tensor& g, const Tensors<arity>& x) {
  return [&]<int... j>(std::integer_sequence<int, j...>) {
    Tensor out = evaluate(formula, captures, {g.view(), x[j].view()...});
    if (!tracked(g) && ((!formula.partial[j] || !tracked(x[j])) && ...)) return out;
    return record(
        formula.title, std::move(out),
        arg(g, [&formula, captures,
                x](const Tensor& h) { return where(h, weighted<arity>(formula, captures, h, x), scalar(0)); }),
        arg(x[j], VjpByInput<arity>{formula, captures, x, j, g}).only_if(formula.partial[j])...);
  }(std::make_integer_sequence<int, arity>());
}

template <int arity>
Tensor apply(const Formula& formula, const Captures& captures, const Tensors<arity>& arguments) {
  Shape shape = arguments[0].shape();
  for (const Tensor& argument : arguments) shape = broadcast(formula.name, shape, argument.shape());
  return [&]<int... j>(std::integer_sequence<int, j...>) {
    const Tensors<arity> x{broadcast_to(arguments[j], shape)...};
    Tensor out = evaluate(formula, captures, {x[j].view()...});
    if (((!formula.partial[j] || !tracked(x[j])) && ...)) return out;  // nobody asks: build nothing
    return record(formula.name, std::move(out),
                  arg(x[j], VjpByInput<arity>{formula, captures, x, j, {}}).only_if(formula.partial[j])...);
  }(std::make_integer_sequence<int, arity>());
}

template Tensor apply<1>(const Formula&, const Captures&, const Tensors<1>&);
template Tensor apply<2>(const Formula&, const Captures&, const Tensors<2>&);
template Tensor apply<3>(const Formula&, const Captures&, const Tensors<3>&);
template Tensor apply<4>(const Formula&, const Captures&, const Tensors<4>&);
template Tensor apply<5>(const Formula&, const Captures&, const Tensors<5>&);

}  // namespace detail
}  // namespace GRADUS

#include "autograd/elementwise.h"

#include "autograd/ops.h"

namespace gradus::inline GRADUS_FLAVOUR {

constexpr Formula kTooDeep{};

namespace detail {
namespace {

template <int arity>
Tensor partial(const Formula& formula, const Captures& captures, const Tensor& g, const std::array<Tensor, arity>& x);

// The VJP of a formula by its input j: h ↦ h·∂f/∂xⱼ, and of a weighted derivative g·∂f: h ↦ (h·g)·∂∂f/∂xⱼ.
template <int arity>
struct VjpByInput {
  const Formula* formula;
  Captures captures;
  std::array<Tensor, arity> x;
  int j;
  Tensor g;  // the weight, where order > 0

  Tensor operator()(const Tensor& h) const {
    const Formula* next = formula->partial[j];
    check(next != &kTooDeep, "[{}] its derivative of order {} is not compiled in (kMaxOrder = {})", formula->name,
          formula->order + 1, kMaxOrder);
    return partial<arity>(*next, captures, formula->order == 0 ? h : h * g, x);
  }
};

template <int arity, int inputs>
Tensor evaluate(const Formula& formula, const Captures& captures, const std::array<const Tensor*, inputs>& in) {
  Tensor out(in.back()->shape());
  std::array<ConstView, inputs> views;
  for (int i = 0; i < inputs; ++i) views[i] = in[i]->view();
  kernel::map_rows(formula.row, captures.bytes.data(), out.write(), views);
  return out;
}

// g · ∂ᵏf(x…). Linear in g, so its VJP by g is itself.
template <int arity>
Tensor partial(const Formula& formula, const Captures& captures, const Tensor& g, const std::array<Tensor, arity>& x) {
  std::array<const Tensor*, arity + 1> in{&g};
  for (int i = 0; i < arity; ++i) in[i + 1] = &x[i];
  const Tensor out = evaluate<arity, arity + 1>(formula, captures, in);

  const auto by_weight = arg(g, [&formula, captures, x](const Tensor& h) { return partial<arity>(formula, captures, h, x); });
  return [&]<std::size_t... j>(std::index_sequence<j...>) {
    const Arg<VjpByInput<arity>> by_input[] = {{x[j], {&formula, captures, x, static_cast<int>(j), g}}...};
    const Argument arguments[] = {by_weight, (formula.partial[j] ? Argument(by_input[j]) : arg(x[j]))...};
    return record(formula.name, out, std::span<const Argument>(arguments));
  }(std::make_index_sequence<arity>());
}

}  // namespace

template <int arity>
Tensor apply(const Formula& formula, const Captures& captures, const std::array<Tensor, arity>& arguments) {
  Shape shape = arguments[0].shape();
  for (int i = 1; i < arity; ++i) shape = broadcast(formula.name, shape, arguments[i].shape());
  std::array<Tensor, arity> x = arguments;
  std::array<const Tensor*, arity> in;
  for (int i = 0; i < arity; ++i) {
    x[i] = broadcast_to(x[i], shape);
    in[i] = &x[i];
  }
  const Tensor out = evaluate<arity, arity>(formula, captures, in);

  bool differentiated = false;
  for (int i = 0; i < arity; ++i) differentiated |= formula.partial[i] && tracked(x[i]);
  if (!differentiated) return out;
  return [&]<std::size_t... j>(std::index_sequence<j...>) {
    const Arg<VjpByInput<arity>> by_input[] = {{x[j], {&formula, captures, x, static_cast<int>(j), {}}}...};
    const Argument records[] = {(formula.partial[j] ? Argument(by_input[j]) : arg(x[j]))...};
    return record(formula.name, out, std::span<const Argument>(records));
  }(std::make_index_sequence<arity>());
}

template Tensor apply<1>(const Formula&, const Captures&, const std::array<Tensor, 1>&);
template Tensor apply<2>(const Formula&, const Captures&, const std::array<Tensor, 2>&);
template Tensor apply<3>(const Formula&, const Captures&, const std::array<Tensor, 3>&);
template Tensor apply<4>(const Formula&, const Captures&, const std::array<Tensor, 4>&);
template Tensor apply<5>(const Formula&, const Captures&, const std::array<Tensor, 5>&);

}  // namespace detail
}  // namespace gradus::inline GRADUS_FLAVOUR

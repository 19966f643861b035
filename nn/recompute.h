// recompute for layers: memory for time, with the gradients of all parameters (see autograd/recompute.h).
#pragma once

#include "autograd/recompute.h"
#include "nn/sequential.h"

namespace GRADUS {

namespace detail {
/// Gives the buffers of `to` the values of those of `from`, where they differ: a layer may write them although const.
template <class L>
void copy_buffers(L& from, L& to) {
  struct Buffers final : TensorVisitor {
    std::vector<Tensor*> all;
    void parameter(const MemberPath&, Tensor&) override {}
    void buffer(const MemberPath&, Tensor& x) override { all.push_back(&x); }
  } given, kept;
  walk(from, MemberPath{}, given);
  walk(to, MemberPath{}, kept);
  for (std::size_t i = 0; i < kept.all.size(); ++i)
    if (kept.all[i]->id() != given.all[i]->id()) *kept.all[i] = *given.all[i];
}
}  // namespace detail

/// layer(x, context), of which only x and the parameters are kept for the way back: what the layer computes in between
/// is computed again when it is needed, with the same draws; running statistics change once. Any layer, a Sequential
/// above all: cut a deep one into several and recompute each.
template <LayerLike L>
Tensor recompute(const L& layer, const Tensor& x, Context& context) {
  std::vector<Tensor> inputs = parameters(layer);
  inputs.insert(inputs.begin(), x);
  const auto apply = [before = layer, first = &layer, training = context.training](std::span<const Tensor> in,
                                                                                   Rng& rng) mutable -> Tensor {
    L same = before;
    std::size_t next = 1;
    for_each_parameter(same, [&](const MemberPath&, Tensor& parameter) { parameter = in[next++]; });
    Context context{.training = training, .rng = rng};
    const L& again = same;
    const Tensor y = [&] {
      if constexpr (std::is_invocable_v<const L&, const Tensor&, Context&>)
        return again(in[0], context);
      else
        return again(in[0]);
    }();
    if (const L* layer = std::exchange(first, nullptr)) detail::copy_buffers(same, const_cast<L&>(*layer));
    return y;
  };
  return detail::recompute(apply, context.rng, inputs);
}

}  // namespace GRADUS

#include "nn/recurrent.h"

#include "nn/init.h"
#include "nn/lengths.h"

namespace GRADUS::detail {

std::vector<RecurrentLayer> recurrent_layers(const char* op, std::int64_t gates, std::int64_t in, std::int64_t hidden,
                                             std::int64_t layers, Rng& rng) {
  check(in > 0 && hidden > 0 && layers > 0, "[{}] {} inputs and {} hidden units in {} layers leave no weights", op, in,
        hidden, layers);
  const std::int64_t rows = checked_mul(gates, hidden);
  const auto draw = [&](const Shape& shape) { return initial_weight(Init::fan_in, shape, hidden, hidden, rng); };
  std::vector<RecurrentLayer> all(layers);
  for (RecurrentLayer& layer : all) {
    layer.weight_ih = draw({rows, &layer == all.data() ? in : hidden});
    layer.weight_hh = draw({rows, hidden});
    layer.bias_ih = draw({rows});
    layer.bias_hh = draw({rows});
  }
  return all;
}

/// The state of each layer, (N, H) each, from zeros where there is none.
static std::vector<Tensor> by_layer(const char* op, const char* what, const Tensor* state, std::int64_t layers,
                                    std::int64_t samples, std::int64_t hidden) {
  if (!state) return std::vector<Tensor>(layers, zeros({samples, hidden}));
  const Shape one{samples, hidden}, shape = layers == 1 ? one : one.inserted(0, layers);
  check(state->shape() == shape, "[{}] a {} of shape {} does not fit {} samples and {} hidden units in {} layer{}", op,
        what, state->shape(), samples, hidden, layers, layers == 1 ? "" : "s");
  if (layers == 1) return {*state};
  std::vector<Tensor> each = split(*state, layers, 0);
  for (Tensor& h : each) h = reshape(h, one);
  return each;
}

Recurrence run(const Cell& cell, const std::vector<RecurrentLayer>& layers, const Tensor& x, const Tensor* h,
               const Tensor* c, const Indices* lengths) {
  const std::int64_t hidden = layers[0].weight_hh.extent(1), in = layers[0].weight_ih.extent(1);
  const std::int64_t depth = static_cast<std::int64_t>(layers.size());
  check(x.rank() == 3 && x.shape()[2] == in, "[{}] an input of shape {} is not (batch, steps, {})", cell.name,
        x.shape(), in);
  const std::int64_t samples = x.shape()[0], steps = x.shape()[1];
  std::vector<Tensor> hs = by_layer(cell.name, "state", h, depth, samples, hidden);
  std::vector<Tensor> cs =
      cell.has_c ? by_layer(cell.name, "cell state", c, depth, samples, hidden) : std::vector<Tensor>(depth);
  const Tensor inside = lengths ? inside_lengths(cell.name, *lengths, samples, steps) : Tensor();
  const bool ends = inside.numel() > 0;

  // With the steps outermost, a step is a slice that is contiguous. What lies after a sample's end is zeros from here
  // on: where it is not finite, even the weight 0 that it has in gradients would give NaN.
  Tensor by_step = permute(x, {1, 0, 2});  // (T, N, I)
  std::vector<Tensor> going, states;       // (1, N, 1): which samples have not ended; (N, H)
  if (ends) {
    const Tensor inside_by_step = permute(inside, {1, 0, 2});
    by_step = zero_outside(by_step, inside_by_step);
    going = split(inside_by_step, steps, 0);
  }
  for (std::int64_t i = 0; steps > 0 && i < depth; ++i) {
    const RecurrentLayer& layer = layers[i];
    if (i > 0) by_step = stack(states, 0);
    states.clear();
    // What the inputs give to the gates, of all steps in one product.
    const Tensor fed_in = linear(by_step, layer.weight_ih, layer.bias_ih);  // (T, N, gates·H)
    RecurrentState now{hs[i], cs[i]};
    for (const Tensor& step : split(fed_in, steps, 0)) {
      RecurrentState next =
          cell.step(reshape(step, {samples, fed_in.extent(2)}), linear(now.h, layer.weight_hh, layer.bias_hh), now);
      if (ends) {
        const Tensor goes_on = reshape(going[states.size()], {samples, 1});
        next.h = where(goes_on, next.h, now.h);
        if (cell.has_c) next.c = where(goes_on, next.c, now.c);
      }
      states.push_back(next.h);
      now = std::move(next);
    }
    hs[i] = now.h;
    cs[i] = now.c;
  }
  Recurrence result{steps > 0 ? stack(states, 1) : zeros({samples, 0, hidden}), {hs[0], cs[0]}};
  if (ends) result.outputs = zero_outside(result.outputs, inside);
  if (depth > 1) result.state.h = stack(hs, 0);
  if (depth > 1 && cell.has_c) result.state.c = stack(cs, 0);
  return result;
}

}  // namespace GRADUS::detail

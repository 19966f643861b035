#include "nn/gru.h"

#include "autograd/elementwise.h"
#include "nn/init.h"

namespace GRADUS {

Gru::Gru(std::int64_t in, std::int64_t hidden, Rng& rng) {
  check(in > 0 && hidden > 0, "[gru] {} inputs and {} hidden units leave no weights", in, hidden);
  const std::int64_t gates = checked_mul(3, hidden);
  const auto draw = [&](const Shape& shape) { return initial_weight(Init::fan_in, shape, hidden, hidden, rng); };
  weight_ih = draw({gates, in});
  weight_hh = draw({gates, hidden});
  bias_ih = draw({gates});
  bias_hh = draw({gates});
}

Gru::Result Gru::run(const Tensor& x) const {
  check(x.rank() == 3, "[gru] an input of shape {} is not (batch, steps, features)", x.shape());
  return run(x, zeros({x.shape()[0], weight_hh.extent(1)}));
}

Gru::Result Gru::run(const Tensor& x, const Tensor& state) const {
  const std::int64_t hidden = weight_hh.extent(1), in = weight_ih.extent(1);
  check(x.rank() == 3 && x.shape()[2] == in, "[gru] an input of shape {} is not (batch, steps, {})", x.shape(), in);
  const std::int64_t samples = x.shape()[0], steps = x.shape()[1];
  check(state.shape() == Shape{samples, hidden},
        "[gru] a state of shape {} does not fit {} samples and {} hidden units", state.shape(), samples, hidden);
  if (steps == 0) return {zeros({samples, 0, hidden}), state};

  // What the inputs give to the gates, of all steps at once; with the steps outermost, each one's is a slice that is
  // contiguous.
  const Tensor by_step = linear(permute(x, {1, 0, 2}), weight_ih, bias_ih);  // (T, N, 3H)
  std::vector<Tensor> states;
  states.reserve(steps);
  Tensor h = state;
  for (const Tensor& step : split(by_step, steps, 0)) {
    const std::vector<Tensor> own = split(reshape(step, {samples, 3 * hidden}), {2 * hidden, hidden}, 1);
    const std::vector<Tensor> fed_back = split(linear(h, weight_hh, bias_hh), {2 * hidden, hidden}, 1);
    const Tensor gates = elementwise<"gru_gates">([](auto a, auto b) { return sigmoid(a + b); }, own[0], fed_back[0]);
    const std::vector<Tensor> r_z = split(gates, 2, 1);
    h = elementwise<"gru_state">(
        [](auto r, auto z, auto a, auto b, auto h) {
          const auto n = tanh(a + r * b);
          return n + z * (h - n);
        },
        r_z[0], r_z[1], own[1], fed_back[1], h);
    states.push_back(h);
  }
  return {stack(states, 1), h};
}

}  // namespace GRADUS

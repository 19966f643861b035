#include "nn/gru.h"

#include "autograd/elementwise.h"

namespace GRADUS {

using detail::RecurrentState;

static RecurrentState gru_step(const Tensor& fed_in, const Tensor& fed_back, const RecurrentState& before) {
  const std::int64_t hidden = before.h.extent(1);
  const std::vector<Tensor> own = split(fed_in, {2 * hidden, hidden}, 1);
  const std::vector<Tensor> back = split(fed_back, {2 * hidden, hidden}, 1);
  const Tensor gates = elementwise<"gru_gates">([](auto a, auto b) { return sigmoid(a + b); }, own[0], back[0]);
  const std::vector<Tensor> r_z = split(gates, 2, 1);
  return {.h = elementwise<"gru_state">(
              [](auto r, auto z, auto a, auto b, auto h) {
                const auto n = tanh(a + r * b);
                return n + z * (h - n);
              },
              r_z[0], r_z[1], own[1], back[1], before.h),
          .c = {}};
}

static Gru::Result run_gru(const Gru& gru, const Tensor& x, const Tensor* state, const Indices* lengths) {
  detail::Recurrence all = detail::run({"gru", false, gru_step}, gru.layers, x, state, nullptr, lengths);
  return {std::move(all.outputs), std::move(all.state.h)};
}

Gru::Result Gru::run(const Tensor& x) const { return run_gru(*this, x, nullptr, nullptr); }
Gru::Result Gru::run(const Tensor& x, const Indices& lengths) const { return run_gru(*this, x, nullptr, &lengths); }
Gru::Result Gru::run(const Tensor& x, const Tensor& state) const { return run_gru(*this, x, &state, nullptr); }
Gru::Result Gru::run(const Tensor& x, const Tensor& state, const Indices& lengths) const {
  return run_gru(*this, x, &state, &lengths);
}

}  // namespace GRADUS

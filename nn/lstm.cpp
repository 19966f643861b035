#include "nn/lstm.h"

#include "autograd/elementwise.h"

namespace GRADUS {

using detail::RecurrentState;

static RecurrentState lstm_step(const Tensor& fed_in, const Tensor& fed_back, const RecurrentState& before) {
  const std::vector<Tensor> gates = split(fed_in + fed_back, 4, 1);
  const Tensor c =
      elementwise<"lstm_cell">([](auto i, auto f, auto g, auto c) { return sigmoid(f) * c + sigmoid(i) * tanh(g); },
                               gates[0], gates[1], gates[2], before.c);
  const Tensor h = elementwise<"lstm_state">([](auto o, auto c) { return sigmoid(o) * tanh(c); }, gates[3], c);
  return {h, c};
}

static Lstm::Result run_lstm(const Lstm& lstm, const Tensor& x, const Tensor* state, const Tensor* cell,
                             const Indices* lengths) {
  detail::Recurrence all = detail::run({"lstm", true, lstm_step}, lstm.layers, x, state, cell, lengths);
  return {std::move(all.outputs), std::move(all.state.h), std::move(all.state.c)};
}

Lstm::Result Lstm::run(const Tensor& x) const { return run_lstm(*this, x, nullptr, nullptr, nullptr); }
Lstm::Result Lstm::run(const Tensor& x, const Indices& lengths) const {
  return run_lstm(*this, x, nullptr, nullptr, &lengths);
}
Lstm::Result Lstm::run(const Tensor& x, const Tensor& state, const Tensor& cell) const {
  return run_lstm(*this, x, &state, &cell, nullptr);
}
Lstm::Result Lstm::run(const Tensor& x, const Tensor& state, const Tensor& cell, const Indices& lengths) const {
  return run_lstm(*this, x, &state, &cell, &lengths);
}

}  // namespace GRADUS

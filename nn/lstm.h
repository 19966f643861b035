// Lstm: long short-term memory. Hochreiter, Schmidhuber 1997; with forget gates, Gers, Schmidhuber, Cummins 2000.
//
//   i = σ(W_i·x + U_i·h)    f = σ(W_f·x + U_f·h)    g = tanh(W_g·x + U_g·h)    o = σ(W_o·x + U_o·h)
//   c ← f·c + i·g           h ← o·tanh(c)
//
// each product with a bias of its own. As PyTorch has it: the rows of i, f, g, o in this order, under its names without
// `_l0`, so that its weights can be taken over as they are.
#pragma once

#include "nn/recurrent.h"

namespace GRADUS {

struct Lstm {
  std::vector<RecurrentLayer> layers;  // each but the lowest takes the states of the one below

  /// Uniform on ±1/√hidden to begin with. Error unless all sizes are positive.
  Lstm(std::int64_t in, std::int64_t hidden, Rng& rng) : Lstm(in, hidden, 1, rng) {}
  Lstm(std::int64_t in, std::int64_t hidden, std::int64_t layers, Rng& rng)
      : layers(detail::recurrent_layers("lstm", 4, in, hidden, layers, rng)) {}

  struct Result {
    Tensor outputs;      // (N, T, H): the highest layer's h after each step; 0 after a sample's end
    Tensor state, cell;  // h and c, (N, H), of several layers (layers, N, H): at each sample's end
  };
  /// Sequences (N, T, I) from a first state and cell like those of Result, or from zeros. `lengths` (N), from 0 to T,
  /// says where each ends: what comes after has no influence, whatever it holds. Error when shapes or lengths do not
  /// fit.
  Result run(const Tensor& x) const;
  Result run(const Tensor& x, const Indices& lengths) const;
  Result run(const Tensor& x, const Tensor& state, const Tensor& cell) const;
  Result run(const Tensor& x, const Tensor& state, const Tensor& cell, const Indices& lengths) const;
  /// (N, T, I) -> (N, T, H): the outputs alone, from zeros.
  Tensor operator()(const Tensor& x) const { return run(x).outputs; }
  Tensor operator()(const Tensor& x, const Indices& lengths) const { return run(x, lengths).outputs; }

  void members(auto&& visit) { detail::list_layers(layers, visit); }
};

}  // namespace GRADUS

// Gru: gated recurrent units. Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio 2014.
//
//   r = σ(W_r·x + U_r·h)    z = σ(W_z·x + U_z·h)    n = tanh(W_n·x + r·(U_n·h))    h ← (1 - z)·n + z·h
//
// each product with a bias of its own. As PyTorch has it: the rows of r, z, n in this order, under its names without
// `_l0`, so that its weights can be taken over as they are.
#pragma once

#include "nn/recurrent.h"

namespace GRADUS {

struct Gru {
  std::vector<RecurrentLayer> layers;  // each but the lowest takes the states of the one below

  /// Uniform on ±1/√hidden to begin with. Error unless all sizes are positive.
  Gru(std::int64_t in, std::int64_t hidden, Rng& rng) : Gru(in, hidden, 1, rng) {}
  Gru(std::int64_t in, std::int64_t hidden, std::int64_t layers, Rng& rng)
      : layers(detail::recurrent_layers("gru", 3, in, hidden, layers, rng)) {}

  struct Result {
    Tensor outputs;  // (N, T, H): the highest layer's state after each step; 0 after a sample's end
    Tensor state;    // (N, H), of several layers (layers, N, H): at each sample's end
  };
  /// Sequences (N, T, I) from a first state like that of Result, or from zeros. `lengths` (N), from 0 to T, says where
  /// each ends: what comes after has no influence, whatever it holds. Error when shapes or lengths do not fit.
  Result run(const Tensor& x) const;
  Result run(const Tensor& x, const Indices& lengths) const;
  Result run(const Tensor& x, const Tensor& state) const;
  Result run(const Tensor& x, const Tensor& state, const Indices& lengths) const;
  /// (N, T, I) -> (N, T, H): the outputs alone, from a state of zeros.
  Tensor operator()(const Tensor& x) const { return run(x).outputs; }
  Tensor operator()(const Tensor& x, const Indices& lengths) const { return run(x, lengths).outputs; }

  void members(auto&& visit) { detail::list_layers(layers, visit); }
};

}  // namespace GRADUS

// Gru: a gated recurrent unit. Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk, Bengio 2014.
//
//   r = σ(W_r·x + U_r·h)    z = σ(W_z·x + U_z·h)    n = tanh(W_n·x + r·(U_n·h))    h ← (1 - z)·n + z·h
//
// each product with a bias of its own, as PyTorch has it: its weights can be taken over as they are.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace GRADUS {

struct Gru {
  Tensor weight_ih, weight_hh;  // (3H, I), (3H, H): W and U, the rows of r, z, n in this order
  Tensor bias_ih, bias_hh;      // (3H), (3H)

  /// Uniform on ±1/√hidden to begin with.
  Gru(std::int64_t in, std::int64_t hidden, Rng& rng);

  struct Result {
    Tensor outputs;  // (N, T, H): the state after each step
    Tensor state;    // (N, H): after the last step
  };
  /// Sequences (N, T, I), all of one length, from a first state (N, H).
  Result run(const Tensor& x, const Tensor& state) const;
  /// From a state of zeros.
  Result run(const Tensor& x) const;
  /// (N, T, I) -> (N, T, H): the outputs alone, from a state of zeros.
  Tensor operator()(const Tensor& x) const { return run(x).outputs; }

  void members(auto&& visit) {
    visit("weight_ih", weight_ih);
    visit("weight_hh", weight_hh);
    visit("bias_ih", bias_ih);
    visit("bias_hh", bias_hh);
  }
};

}  // namespace GRADUS

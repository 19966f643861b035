// What Gru and Lstm share: layers of weights under PyTorch's names, a loop over the steps, and sequences that end.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace GRADUS {

/// One layer's weights; the rows belong to the gates, H to each, in the order that its cell says.
struct RecurrentLayer {
  Tensor weight_ih, weight_hh;  // (gates·H, I), (gates·H, H): applied to the input and to the state before
  Tensor bias_ih, bias_hh;      // (gates·H)
};

namespace detail {

/// Uniform on ±1/√hidden. Error unless all sizes are positive.
std::vector<RecurrentLayer> recurrent_layers(const char* op, std::int64_t gates, std::int64_t in, std::int64_t hidden,
                                             std::int64_t layers, Rng& rng);

/// "weight_ih", … of the lowest layer, "weight_ih_l1", … of the next: PyTorch's names without `_l0`.
void list_layers(std::vector<RecurrentLayer>& layers, auto&& visit) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string suffix = i == 0 ? "" : "_l" + std::to_string(i);
    visit(("weight_ih" + suffix).c_str(), layers[i].weight_ih);
    visit(("weight_hh" + suffix).c_str(), layers[i].weight_hh);
    visit(("bias_ih" + suffix).c_str(), layers[i].bias_ih);
    visit(("bias_hh" + suffix).c_str(), layers[i].bias_hh);
  }
}

struct RecurrentState {
  Tensor h, c;  // (N, H) each; c is Lstm's alone
};
struct Cell {
  const char* name;
  bool has_c;
  /// The state after a step, from what the input and the state before give to the gates, both (N, gates·H).
  RecurrentState (*step)(const Tensor& fed_in, const Tensor& fed_back, const RecurrentState& before);
};
struct Recurrence {
  Tensor outputs;        // (N, T, H)
  RecurrentState state;  // (N, H), or (layers, N, H) where there are several
};
/// Runs sequences (N, T, I) through all layers: from zeros where there is no h or c, to the end of each sample where
/// there are lengths.
Recurrence run(const Cell& cell, const std::vector<RecurrentLayer>& layers, const Tensor& x, const Tensor* h,
               const Tensor* c, const Indices* lengths);

}  // namespace detail
}  // namespace GRADUS

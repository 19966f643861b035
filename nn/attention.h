// MultiHeadAttention: each step of one sequence takes a mean over the steps of another, or of its own, weighted by how
// well they fit. Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin 2017.
//
//   head = softmax(Q·Kᵀ/√d)·V    with Q = query·W_qᵀ + b_q, K = key·W_kᵀ + b_k, V = value·W_vᵀ + b_v, cut into heads
//
// of d features each, and out_proj of all heads side by side. Its parameters have PyTorch's names and shapes.
#pragma once

#include "nn/dropout.h"
#include "nn/linear.h"

namespace GRADUS {

struct AttentionSettings {
  bool causal = false;  // step i of the query looks at the keys 0 … i alone
  Real dropout = 0;     // of the weights, in training; 0 ≤ dropout < 1

  void members(auto&& visit) {
    visit("causal", causal);
    visit("dropout", dropout);
  }
};

struct MultiHeadAttention {
  Tensor in_proj_weight, in_proj_bias;  // (3E, E), (3E): the rows of the query, the key, the value in this order
  Linear out_proj;                      // (E, E)
  std::int64_t heads;
  AttentionSettings settings;

  /// in_proj_weight by Init::glorot, out_proj's weight by Init::fan_in, biases 0. Error unless the heads divide E.
  MultiHeadAttention(std::int64_t features, std::int64_t heads, const AttentionSettings& settings, Rng& rng);

  /// Self-attention: x (N, T, E) -> (N, T, E). With lengths (N), from 0 to T, what comes after a sample's end has no
  /// influence, whatever it holds, and gives 0. Draws from the context's generator, in training with dropout only.
  Tensor operator()(const Tensor& x, Context& context) const;
  Tensor operator()(const Tensor& x, const Indices& lengths, Context& context) const;
  /// Cross-attention: query (N, T, E), key and value (N, S, E) -> (N, T, E); lengths, from 0 to S, are those of key and
  /// value. A query with no key to look at gets 0 from every head.
  Tensor operator()(const Tensor& query, const Tensor& key, const Tensor& value, Context& context) const;
  Tensor operator()(const Tensor& query, const Tensor& key, const Tensor& value, const Indices& lengths,
                    Context& context) const;

  Tensor operator()(const Tensor& x) const = delete;  // attention may drop weights: call attention(x, context)

  void members(auto&& visit) {
    visit("in_proj_weight", in_proj_weight);
    visit("in_proj_bias", in_proj_bias);
    visit("out_proj", out_proj);
    visit("heads", heads);
    visit("settings", settings);
  }
};

}  // namespace GRADUS

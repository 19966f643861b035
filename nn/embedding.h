// Embedding: a learnt vector for every word, looked up by its number.
#pragma once

#include "autograd/ops.h"
#include "nn/module.h"

namespace GRADUS {

struct Embedding {
  Tensor weight;  // (words, features)

  /// Standard normal numbers to begin with.
  Embedding(std::int64_t words, std::int64_t features, Rng& rng) : weight(normal({words, features}, rng)) {}

  /// Words of any shape (…) -> (…, features); Error when a number is not from 0 to words - 1.
  Tensor operator()(const Indices& words) const { return embedding(weight, words); }
  /// The same for words given as a tensor of whole numbers, so that an Embedding can begin a Sequential. There is no
  /// derivative by them.
  Tensor operator()(const Tensor& words) const;

  void members(auto&& visit) { visit("weight", weight); }
};

}  // namespace GRADUS

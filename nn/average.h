// An exponential moving average of a module's weights, which often does better than the weights themselves (Polyak,
// Juditsky 1992).
#pragma once

#include "nn/state.h"

namespace gradus::inline GRADUS_FLAVOUR {

namespace detail {
/// average ← decay·average + (1 - decay)·x
void move_average(Tensor& average, const Tensor& x, double decay);
}  // namespace detail

/// A copy of a module that follows it slowly. It begins as the module is.
template <class M>
struct Average {
  M module;
  double decay;  // 0 ≤ decay < 1

  /// After each step of the optimiser. Buffers are taken as they are.
  void update(const M& now) {
    struct Visitor final : TensorVisitor {
      std::vector<Tensor> latest;
      std::size_t i = 0;
      double decay;
      void parameter(const Path&, Tensor& x) override { detail::move_average(x, latest[i++], decay); }
      void buffer(const Path&, Tensor& x) override { x = latest[i++]; }
    } visitor;
    visitor.decay = decay;
    for_each_state(const_cast<M&>(now), [&](const Path&, Tensor& x) { visitor.latest.push_back(x); });
    walk(module, Path{}, visitor);
  }
};

}  // namespace gradus::inline GRADUS_FLAVOUR

// An exponential moving average of a module's weights, which often does better than the weights themselves (after the
// averaging of Polyak, Juditsky 1992).
#pragma once

#include "nn/state.h"

namespace GRADUS {

namespace detail {
/// Error unless a module with these tensors can follow one with those at this pace.
void check_average(std::span<const Tensor> average, std::span<const Tensor> latest, double decay);
/// average ← decay·average + (1 - decay)·x
void move_average(Tensor& average, const Tensor& x, double decay);
}  // namespace detail

/// A copy of a module that follows it slowly. It begins as the module is; no tape knows it.
template <class M>
struct Average {
  M module;
  double decay;  // 0 ≤ decay < 1

  Average(const M& original, double decay) : module(detached(original)), decay(decay) {}

  /// After each step of the optimiser. Buffers are taken as they are. Error when `now` has other tensors than the copy,
  /// or for a decay out of its range, and then nothing is changed.
  void update(const M& now) {
    const auto tensors = [](const M& from) {
      std::vector<Tensor> all;
      for_each_state(const_cast<M&>(from), [&](const MemberPath&, Tensor& x) { all.push_back(x); });
      return all;
    };
    struct Visitor final : TensorVisitor {
      std::vector<Tensor> latest;
      std::size_t i = 0;
      double decay;
      void parameter(const MemberPath&, Tensor& x) override { detail::move_average(x, latest[i++], decay); }
      void buffer(const MemberPath&, Tensor& x) override { x = latest[i++]; }
    } visitor;
    visitor.latest = tensors(now);
    visitor.decay = decay;
    detail::check_average(tensors(module), visitor.latest, decay);
    walk(module, MemberPath{}, visitor);
  }
};

}  // namespace GRADUS

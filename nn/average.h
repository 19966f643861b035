// An exponential moving average of a module's weights, which often does better than the weights themselves (after the
// averaging of Polyak, Juditsky 1992).
#pragma once

#include "nn/state.h"

namespace GRADUS {

namespace detail {
/// Error unless a module with these tensors can follow one with those at this pace.
void check_average(std::span<const Tensor> average, std::span<const Tensor> latest, double decay);
/// What the average keeps of itself in the update that follows n others: min(decay, (1 + n)/(10 + n)).
double kept_share(double decay, std::int64_t updates);
/// average ← kept·average + (1 - kept)·x
void move_average(Tensor& average, const Tensor& x, double kept);
}  // namespace detail

/// A copy of a module that follows it slowly. It begins as the module is; no tape knows it.
///
/// An update keeps `decay` of the average, but never more than (1 + n)/(10 + n) after n updates. So it is an average of
/// the last 1/(1 - decay) updates or of about the last tenth of them, whichever is shorter, and the weights that it
/// began with, random as a rule, are soon gone: 9!/n⁹ of them at most is left after n updates.
template <class M>
struct Average {
  M module;
  double decay;              // 0 ≤ decay < 1
  std::int64_t updates = 0;  // so far: a part of its state, as `module` is

  Average(const M& original, double share, std::int64_t so_far = 0)
      : module(detached(original)), decay(share), updates(so_far) {}

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
      double kept;
      void parameter(const MemberPath&, Tensor& x) override { detail::move_average(x, latest[i++], kept); }
      void buffer(const MemberPath&, Tensor& x) override { x = latest[i++]; }
    } visitor;
    visitor.latest = tensors(now);
    detail::check_average(tensors(module), visitor.latest, decay);
    visitor.kept = detail::kept_share(decay, updates);
    walk(module, MemberPath{}, visitor);
    ++updates;
  }
};

}  // namespace GRADUS

// recompute: memory for time. What a function computes on the way to its result is not kept for the way back, but
// computed again when it is needed (Chen, Xu, Zhang, Guestrin 2016).
//
//   for (const Block& block : blocks) h = recompute([block](const Tensor& h, …) { … }, h, …);
//
// A chain of n equal steps cut into √n recomputed pieces needs memory for 2√n of them and one more run of each.
// nn/recompute.h does this to a layer, parameters and all.
#pragma once

#include "autograd/functional.h"
#include "tensor/random.h"

namespace GRADUS {

namespace detail {
using RandomFunction = std::function<Tensor(std::span<const Tensor>, Rng&)>;
Tensor recompute(RandomFunction f, Rng& rng, std::span<const Tensor> inputs);
}  // namespace detail

/// f(x…), to the bit what it is without recompute, and so are its gradients where the inputs are used nowhere else
/// (where they are, what comes from f is added up first: the same sum in another order, as in gradients of gradients).
/// Only the inputs are kept; f is copied, and runs a second time within `gradient`, so what it captures by reference
/// must still be there. Error when f captures a tensor that a tape watches, whose derivative would be lost: every
/// tensor to differentiate by is an input. Error, within `gradient`, when f gives another value the second time (told
/// by a 64-bit hash): it must be a function of its inputs alone.
template <class F, std::same_as<Tensor>... X>
  requires std::is_invocable_r_v<Tensor, const F&, const X&...>
Tensor recompute(const F& f, const X&... x) {
  const std::array<Tensor, sizeof...(X)> inputs{x...};
  Rng none;
  return detail::recompute(
      [f](std::span<const Tensor> in, Rng&) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) -> Tensor {
          return f(in[i]...);
        }(std::index_sequence_for<X...>());
      },
      none, inputs);
}
/// The same for an f that draws: f(x…, rng). The second run draws the numbers of the first, from a copy of the
/// generator; `rng` itself moves on once.
template <class F, std::same_as<Rng> R, std::same_as<Tensor>... X>  // R: a generic f is tried with nothing else
  requires std::is_invocable_r_v<Tensor, const F&, const X&..., R&>
Tensor recompute(const F& f, R& rng, const X&... x) {
  const std::array<Tensor, sizeof...(X)> inputs{x...};
  return detail::recompute(
      [f](std::span<const Tensor> in, Rng& rng) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) -> Tensor {
          return f(in[i]..., rng);
        }(std::index_sequence_for<X...>());
      },
      rng, inputs);
}

}  // namespace GRADUS

// Planar flows: each step pushes codes along a direction û, by how far they lie from a plane. Rezende, Mohamed 2015.
// û, w and b come from the encoder, so that every x has a flow of its own.
//
//   f(z) = z + û·tanh(wᵀz + b)    û = u + (softplus(wᵀu) - 1 - wᵀu)·w/‖w‖²
//   det ∂f/∂z = 1 + tanh′(wᵀz + b)·wᵀû, which is above 0, for wᵀû = softplus(wᵀu) - 1 is above -1: f is invertible
#pragma once

#include <limits>

#include "models/latents/carried.h"
#include "models/networks/kind.h"

namespace GRADUS {

struct PlanarFlow {
  Linear u, w, b;  // (B, H) -> (B, T·Z), (B, T·Z), (B, T)

  /// One step of z (K, B, Z), by u and w (B, Z) and b (B, 1). Where w is 0 there is no plane, and all are pushed alike.
  static Carried step(const Tensor& z, const Tensor& u, const Tensor& w, const Tensor& b) {
    constexpr Real least = std::numeric_limits<Real>::min();
    const Tensor along = sum(w * u, {-1}, keepdim), square = sum(w * w, {-1}, keepdim);  // wᵀu, ‖w‖²
    const Tensor stretch = where(square > least, softplus(along), 1);                    // 1 + wᵀû
    const Tensor push = u + (stretch - 1 - along) * w / max(square, least);              // û
    const Tensor t = tanh(sum(w * z, {-1}, keepdim) + b), tt = t * t;
    return {z + push * t, log(tt + (1 - tt) * stretch)};  // 1 + (1 - t²)·wᵀû, without cancellation
  }
  /// z (K, B, Z), features (B, H)
  Carried operator()(const Tensor& z, const Tensor& features) const {
    const std::int64_t steps = b.bias.numel();
    const std::vector<Tensor> us = split(u(features), steps, -1), ws = split(w(features), steps, -1),
                              bs = split(b(features), steps, -1);
    Carried at{z, zeros({1})};
    for (std::size_t t = 0; t < us.size(); ++t) {
      const auto [next, log_det] = step(at.z, us[t], ws[t], bs[t]);
      at = {next, at.log_det + log_det};
    }
    return at;
  }

  void members(auto&& visit) {
    visit("u", u);
    visit("w", w);
    visit("b", b);
  }
};

struct PlanarSteps {
  static constexpr const char* kName = "planar";
  static constexpr const char* kHelp = "each pushes along one direction";
  std::int64_t flow_steps = 10;

  void settings(auto&& is) { is("flow_steps", flow_steps, IntegerRange{1, 256}, "how many follow one another"); }
  PlanarFlow make(std::int64_t features, const NetworkPlan& plan, Rng& rng) const {
    const std::int64_t numbers = checked_mul(flow_steps, plan.latent);
    Linear u(features, numbers, plan.init, rng), w(features, numbers, plan.init, rng);
    return {std::move(u), std::move(w), Linear(features, flow_steps, plan.init, rng)};
  }
};

}  // namespace GRADUS

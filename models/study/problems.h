// The problems that several lessons share: two half-moons to tell apart, and patterns of bits for a very small VAE and a
// restricted Boltzmann machine.
#pragma once

#include <chrono>
#include <numbers>

#include "nn/distributions.h"
#include "nn/linear.h"

namespace study {

using namespace gradus;

struct Net {
  Linear first, second;
  Tensor operator()(const Tensor& x) const { return second(tanh(first(x))); }  // (B, 2) -> (B, 16) -> (B, 1)
  void members(auto&& visit) {
    visit("first", first);
    visit("second", second);
  }
};

struct Moons {
  Tensor x, y;  // (200, 2), (200, 1)
};
inline Moons moons() {
  const Tensor t = arange(100) * Real(std::numbers::pi / 99), c = cos(t), s = sin(t);
  Rng rng{.seed = 1};
  const Tensor x = concat({stack({c, s}, 1), stack({1 - c, Real(0.5) - s}, 1)}, 0);
  return {x + Real(0.1) * normal({200, 2}, rng), concat({ones({100, 1}), -ones({100, 1})}, 0)};
}

struct Small {  // x (B, 16) -> 4 codes -> 16 logits
  Linear body, mean, log_variance, out;
  void members(auto&& visit) {
    visit("encoder.body", body);
    visit("encoder.mean", mean);
    visit("encoder.log_variance", log_variance);
    visit("decoder.out", out);
  }
};
inline Small small(std::uint64_t seed) {
  Rng rng{.seed = seed};
  return {
      {16, 32, Init::glorot, rng}, {32, 4, Init::glorot, rng}, {32, 4, Init::glorot, rng}, {4, 16, Init::glorot, rng}};
}
inline Tensor patterns() {  // bit j of a pattern is one of its hidden bits, 4 times each, with a few errors
  Rng rng{.seed = 64};
  const Tensor hidden = bernoulli({64, 4}, Real(0.5), rng), flips = bernoulli({64, 16}, Real(0.03), rng);
  const Tensor bits = reshape(stack({hidden, hidden, hidden, hidden}, 2), {64, 16});
  return bits + flips - 2 * bits * flips;
}
struct Terms {
  Tensor log_likelihood, kl;  // (B)
};
/// How many of the rows (B, 16) are at most one bit off four times the same four bits.
inline double good_share(const Tensor& x) {
  const Tensor votes = sum(reshape(x, {x.extent(0), 4, 4}), {2});  // of each hidden bit's four places
  const Tensor off = sum(min(votes, 4 - votes), {1});
  return static_cast<double>(mean(off <= 1).item());
}
enum class Draw { rsample, sample };
inline Terms terms(const Small& net, const Tensor& x, Draw draw, Rng& rng) {
  const Tensor h = tanh(net.body(x));
  const Normal q{net.mean(h), net.log_variance(h)};
  const Tensor z = draw == Draw::rsample ? q.rsample(rng) : q.sample(rng);
  return {sum(Bernoulli{net.out(z)}.log_prob(x), {1}), sum(kl_divergence(q, StandardNormal{}), {1})};
}

/// A restricted Boltzmann machine for the patterns, and draws of its bits in turn, beginning with v.
struct Rbm {
  Tensor weight, visible, hidden;  // W (16, 24), b (16), c (24)
  void members(auto&& visit) {
    visit("weight", weight);
    visit("visible", visible);
    visit("hidden", hidden);
  }
};
inline Tensor coins(const Tensor& logits, Rng& rng) { return Bernoulli{logits}.sample(rng); }
inline Tensor gibbs(const Rbm& rbm, Tensor v, int steps, Rng& rng) {
  for (int i = 0; i < steps; ++i)
    v = coins(matmul(coins(matmul(v, rbm.weight) + rbm.hidden, rng), transpose(rbm.weight)) + rbm.visible, rng);
  return v;
}
inline Rbm new_rbm() {
  Rng rng{.seed = 15};
  return {Real(0.1) * normal({16, 24}, rng), zeros({16}), zeros({24})};
}
inline double seconds(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace study

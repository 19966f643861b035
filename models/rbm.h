// The restricted Boltzmann machine, the model that textbooks hold a VAE against: bits v that one sees, bits h that one
// does not, and a weight between each two. Smolensky 1986; Hinton 2002 (contrastive divergence); Tieleman 2008
// (persistent chains); Montavon, Müller 2012 and Melchior, Fischer, Wiskott 2016 (centred).
//
//   p(v, h) = e^-E(v, h) / Z    E(v, h) = -(v - μ)·b - (h - λ)·c - (v - μ)·W(h - λ)
//   p(v)    = e^-F(v) / Z       F(v) = -log Σ_h e^-E(v, h)
//
// Offsets μ and λ are constants: with zeros it is the usual machine; near the means of v and h, gradients by weights no
// longer hold those of the biases, and learning is steadier. The gradient of -log p at the data is that of F at the
// data, less that of F at samples of the model, so that as graph code the loss is one line: mean F(data) - mean
// F(samples), the samples drawn under stop_gradient.
//
// B batch, D data, H hidden.
#pragma once

#include "models/data/dataset.h"
#include "nn/module.h"

namespace GRADUS {

struct Rbm {
  Tensor weight;                         // W (D, H)
  Tensor visible, hidden;                // b (D), c (H)
  Buffer visible_offset, hidden_offset;  // μ (D), λ (H)

  /// v (B, D) in [0, 1] -> (B)
  Tensor free_energy(const Tensor& v) const;
  /// The logits of h given v, (B, D) -> (B, H), and of v given h, (B, H) -> (B, D).
  Tensor hidden_logits(const Tensor& v) const;
  Tensor visible_logits(const Tensor& h) const;
  /// What so many draws of all h and all v in turn make of v, (B, D): no derivative passes.
  Tensor gibbs(const Tensor& v, std::int64_t steps, Rng& rng) const;
  /// The same distribution without offsets.
  Rbm plain() const;

  void members(auto&& visit) {
    visit("weight", weight);
    visit("visible", visible);
    visit("hidden", hidden);
    visit("visible_offset", visible_offset);
    visit("hidden_offset", hidden_offset);
  }
};

struct RbmSettings {
  std::int64_t hidden = 16;
  std::int64_t steps = 1;  // k of CD-k and PCD-k
  bool persistent = true;  // the chains go on from step to step (PCD), or begin at the data (CD)
  bool centred = true;
  double lr = 0.01;
  std::int64_t batch_size = 100;
  std::uint64_t seed = 0;
};

/// A machine that gives each pixel the frequency that it has in `v` (B, D), smoothed so that none is 0 or 1: visible
/// biases are log-odds, and weights, uniform in ±4·√(6/(D + H)), a little of everything. Centred ones have the means as
/// offsets.
Rbm new_rbm(const RbmSettings& settings, const Tensor& v, Rng& rng);

/// Its training, a step a batch.
class RbmTrainer {
 public:
  /// On `data` (N, D), bits. Error when there are fewer than a batch.
  RbmTrainer(const RbmSettings& settings, Tensor data);
  /// All images once, in an order of its own; what is left of the last batch is left out.
  void epoch();
  const Rbm& rbm() const { return rbm_; }

 private:
  void step(const Tensor& v);
  RbmSettings settings_;
  Tensor data_;
  Rng rng_;
  Rbm rbm_;
  Tensor chains_;  // (batch, D), of PCD
};

// ----- how likely the data are -------------------------------------------------------------------------------------

/// log Z in nats, by adding up over all states of the hidden units. Error when there are more than 20.
double exact_log_z(const Rbm& rbm);
/// The mean of log p(v) over v (N, D), in nats, given log Z.
double log_likelihood(const Rbm& rbm, const Tensor& v, double log_z);

/// An estimate of log Z by annealed importance sampling (Neal 2001; Salakhutdinov, Murray 2008).
struct AnnealedLogZ {
  double log_z = 0;
  double standard_error = 0;     // of log Z, over the chains
  double effective_samples = 0;  // (Σw)²/Σw² of the chains' weights: when it is near 1, one chain tells it all
};
/// From independent pixels, whose frequencies are those of `v` (N, D), to the machine, by so many temperatures: log Z
/// from below, on average. The likelihoods that come of it flatter.
AnnealedLogZ forward_ais(const Rbm& rbm, const Tensor& v, std::int64_t chains, std::int64_t temperatures, Rng& rng);
/// The way back, from samples of the machine (chains, D): log Z from above, if they are such (Burda, Grosse,
/// Salakhutdinov 2015). Where the two are far apart, neither is to be believed.
AnnealedLogZ reverse_ais(const Rbm& rbm, const Tensor& v, const Tensor& samples, std::int64_t temperatures, Rng& rng);

}  // namespace GRADUS

// What a training raises: a bound on log p(x), by one or several draws of the code.
//
//   elbo   E log p(x|z) - KL(q(z|x) ‖ p(z))                        Kingma, Welling 2013
//   stl    the same value; its gradient is exactly 0 where q is the posterior ("sticking the landing": Roeder, Wu,
//          Duvenaud 2017)
//   iwae   E log 1/K Σ w, with w = p(x|z)·p(z)/q(z|x)               Burda, Grosse, Salakhutdinov 2015
//   dreg   the same value, whose gradient by the encoder is Σ w̃²·∂log w/∂z·∂z/∂φ with w̃ = w/Σw and the parameters of q
//          held constant in w: its noise does not drown the signal as K grows (Tucker, Lawson, Gu, Maddison 2018)
#pragma once

#include "models/corruption.h"
#include "models/latent.h"
#include "models/settings.h"

namespace GRADUS {

/// What a bound is made of, in nats per sample.
struct Bound {
  Tensor log_likelihood;            // (B): E log p(x|z)
  std::optional<Tensor> kl{};       // (B, Z or 1) by dimension; none of an autoencoder, which has no bound
  std::optional<Tensor> penalty{};  // (B)
  std::optional<Tensor> weighed{};  // (B): log 1/K Σ w, where draws are weighed

  /// (B): the KL divergence of all dimensions; zeros of an autoencoder.
  Tensor total_kl() const;
  /// (B): the bound, with the KL divergence times β; β = 1 is a bound indeed (β-VAE: Higgins et al. 2017).
  Tensor value(Real beta = 1) const;
};

struct ElboObjective {
  static constexpr const char* kName = "elbo";
  static constexpr const char* kHelp =
      "the evidence lower bound, with the KL divergence in closed form where it has one";
};
struct StlObjective {
  static constexpr const char* kName = "stl";
  static constexpr const char* kHelp = "the same, with a gradient that vanishes at the optimum";
};
struct IwaeObjective {
  static constexpr const char* kName = "iwae";
  static constexpr const char* kHelp = "importance-weighted";
};
struct DregObjective {
  static constexpr const char* kName = "dreg";
  static constexpr const char* kHelp = "the same, with the doubly reparameterized gradient";
};

struct Objective {
  Choice<ElboObjective, IwaeObjective, DregObjective, StlObjective> kind{};
  std::int64_t samples = 1;
  double beta = 1;
  std::int64_t beta_warmup = 0;
  std::int64_t beta_cycles = 0;
  double free_bits = 0;
  double capacity = 0;
  Corruptions corrupt{};

  void settings(auto&& is) {
    is("objective", kind, "what is raised");
    is("samples", samples, IntegerRange{1, 5000}, "draws of the code for each sample");
    is("beta", beta, RealRange{.min = 0, .max = 1e6}, "weight of the KL divergence");
    is("beta_warmup", beta_warmup, IntegerRange{0, 1'000'000'000'000},
       "steps on which that weight, or the capacity, rises from 0");
    is("beta_cycles", beta_cycles, IntegerRange{0, 1'000'000},
       "how often it rises so, each time over half of the steps of a cycle\n(Fu et al. 2019); 0: once");
    is("free_bits", free_bits, RealRange{.min = 0, .max = 1e6},
       "nats of KL divergence that cost nothing, an equal share for each dimension\n(Kingma et al. 2016)");
    is("capacity", capacity, RealRange{.min = 0, .max = 1e6},
       "nats at which the KL divergence is held, by `beta` times its distance\n(Burgess et al. 2018); 0: off");
    is("corrupt", corrupt, "what the encoder sees in training");
  }
  /// SettingError for what has no meaning together, or with a code of that name, whose draws can be priced so far.
  void check(Pricing pricing, const std::string& code) const;

  /// Weights of the parts at a step of the optimiser, counted from 0, of a training of `steps`.
  struct Weights {
    double beta = 1, capacity = 0;
  };
  Weights at(std::int64_t step, std::int64_t steps) const;
  /// Whether they change in the course of a training.
  bool changes() const { return beta_warmup > 0 || beta_cycles > 0; }

  /// What a step lowers: one number.
  Tensor loss(const Bound& bound, const Weights& weights) const;

  bool weighs() const { return kind.is<IwaeObjective>() || kind.is<DregObjective>(); }
  Price price() const;
};

}  // namespace GRADUS

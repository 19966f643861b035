// Corruption: what the encoder sees in training is damaged, and the bound still asks for the image as it was, so that
// codes learn what belongs together. Vincent, Larochelle, Lajoie, Bengio, Manzagol 2010; Im, Ahn, Memisevic, Bengio 2017.
#pragma once

#include "autograd/ops.h"
#include "models/minibatch.h"
#include "models/settings.h"
#include "nn/module.h"

namespace GRADUS {

inline constexpr const char* kCorruptionHelp = "share of the pixels; of gaussian, the standard deviation of the noise";

struct NoCorruption {
  static constexpr const char* kName = "none";
  static constexpr const char* kHelp = "the image as it is";

  Tensor operator()(const Tensor& x, Rng&) const { return x; }
};

/// Each number is 0 with probability `corruption`.
struct MaskCorruption {
  static constexpr const char* kName = "mask";
  static constexpr const char* kHelp = "pixels at random are black";
  double corruption = 0.3;

  void settings(auto&& is) { is("corruption", corruption, RealRange{.min = 0, .max = 1}, kCorruptionHelp); }
  Tensor operator()(const Tensor& x, Rng& rng) const {
    return x * bernoulli(x.shape(), static_cast<Real>(1 - corruption), rng);
  }
};

/// Each number is 0 or 1 with probability `corruption` / 2 each.
struct SaltPepperCorruption {
  static constexpr const char* kName = "salt-pepper";
  static constexpr const char* kHelp = "pixels at random are black or white";
  double corruption = 0.3;

  void settings(auto&& is) { is("corruption", corruption, RealRange{.min = 0, .max = 1}, kCorruptionHelp); }
  Tensor operator()(const Tensor& x, Rng& rng) const {
    const Tensor hit = bernoulli(x.shape(), static_cast<Real>(corruption), rng);
    const Tensor white = bernoulli(x.shape(), Real(0.5), rng);
    return where(hit, white, x);
  }
};

/// x + corruption·ε with ε ~ N(0, 1).
struct GaussianCorruption {
  static constexpr const char* kName = "gaussian";
  static constexpr const char* kHelp = "noise is added to pixels";
  double corruption = 0.3;

  void settings(auto&& is) { is("corruption", corruption, RealRange{.min = 0, .max = 1e6}, kCorruptionHelp); }
  Tensor operator()(const Tensor& x, Rng& rng) const {
    return x + normal(x.shape(), rng) * static_cast<Real>(corruption);
  }
};

/// Each number is 0 with probability `corruption`, and the others are larger by as much: the mean stays what it was.
struct DropoutCorruption {
  static constexpr const char* kName = "dropout";
  static constexpr const char* kHelp = "pixels at random are black, the others brighter by as much";
  double corruption = 0.5;

  void settings(auto&& is) {
    is("corruption", corruption, RealRange{.min = 0, .max = 1, .below_max = true}, kCorruptionHelp);
  }
  Tensor operator()(const Tensor& x, Rng& rng) const {
    const auto kept = static_cast<Real>(1 - corruption);
    return x * bernoulli(x.shape(), kept, rng) * (1 / kept);
  }
};

using Corruptions = Choice<NoCorruption, MaskCorruption, SaltPepperCorruption, GaussianCorruption, DropoutCorruption>;

/// What the encoder sees of a batch: its images corrupted in training, by the context's generator, and else as they
/// are. Nothing is drawn where nothing is corrupted.
inline Minibatch corrupted(const Minibatch& batch, const Corruptions& corruption, Context& context) {
  if (!context.training) return batch;
  return std::visit([&](const auto& kind) -> Minibatch { return {kind(batch.x, context.rng), batch.condition}; },
                    corruption.chosen);
}

}  // namespace GRADUS

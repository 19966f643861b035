// The selftest: every estimator of the program on the linear Gaussian model, where what it is to find is known exactly.
#pragma once

#include <functional>
#include <span>

#include "models/evaluation/importance.h"
#include "models/evaluation/linear_gaussian.h"
#include "nn/files/checkpoint.h"
#include "nn/state.h"

namespace GRADUS {

struct SelftestRow {
  static constexpr double kMost = 4.5;  // standard errors: by chance once in 150,000 cases

  std::string what;
  double exact, found, error;  // the standard error, or where nothing is drawn, the rounding

  double z() const { return found == exact ? 0 : (found - exact) / error; }
  bool passed() const { return z() <= kMost && z() >= -kMost; }
};

/// What is tested, in so far as a mistake may be put in its place by those who test the test.
struct SelftestParts {
  std::function<Latent(GaussianLatent)> latent = [](GaussianLatent latent) { return Latent(std::move(latent)); };
  std::function<Decoder(ImageDecoder<GaussianLikelihood>)> decoder = [](ImageDecoder<GaussianLikelihood> decoder) {
    return Decoder(std::move(decoder));
  };
  std::function<Importance(const Vae&, const Images&, std::int64_t draws)> importance =
      [](const Vae& vae, const Images& images, std::int64_t draws) {
        return gradus::importance(vae, images, {}, draws);
      };
  std::function<Minibatch(const Images&, std::span<const std::int64_t>, const Shown&)> batch = test_batch;
  std::function<void(Vae&, const Checkpoint&)> restore = [](Vae& vae, const Checkpoint& saved) {
    load_state(vae, saved.tensors);
  };
};

/// With weights, data and noise of that seed, on so many images, 50 or more.
std::vector<SelftestRow> selftest(std::uint64_t seed, const SelftestParts& parts = {}, std::int64_t images = 2000);

}  // namespace GRADUS

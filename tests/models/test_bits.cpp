// What a model is shown of grey levels: noise between them, where a density is asked for. (Bits: test_training.cpp.)
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "models/training/config.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// An image of every level.
Images ramp(std::int64_t count) {
  Images images{.name = "ramp", .count = count, .height = 16, .width = 16};
  for (std::int64_t i = 0; i < count * 256; ++i) images.pixels.push_back(static_cast<std::uint8_t>(i % 256));
  return images;
}

std::vector<std::int64_t> all(const Images& images) {
  std::vector<std::int64_t> rows(images.count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

const Shown kNoisy{Binarize::none, true};

}  // namespace

TEST_CASE("dequantised, level k is uniform between k/256 and (k + 1)/256") {
  const Images images = ramp(100);
  Rng rng{.seed = 2};
  for (const Tensor& x :
       {training_batch(images, all(images), kNoisy, rng).x, test_batch(images, all(images), kNoisy).x}) {
    const std::vector<Real> values = x.values();
    double sum = 0, squares = 0;
    bool within = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double u = static_cast<double>(values[i]) * 256 - static_cast<double>(i % 256);
      within = within && u > -1e-4 && u < 1 + 1e-4;  // a float near 1 has steps of 256·2^-24
      sum += u;
      squares += u * u;
    }
    CHECK(within);
    const double n = static_cast<double>(values.size());
    CHECK(std::abs(sum / n - 0.5) <= 5 / std::sqrt(12 * n));
    CHECK(std::abs(squares / n - 1.0 / 3) <= 5 * std::sqrt(4.0 / 45 / n));
  }
}

TEST_CASE("test images are dequantised once and for all, training images anew each time") {
  const Images images = ramp(6);
  const std::vector<std::int64_t> some{4, 1}, one{1};
  const Tensor both = test_batch(images, some, kNoisy).x;
  CHECK(test_batch(images, one, kNoisy).x.values() == slice(both, 0, 1, 2).values());
  Rng rng;
  const std::vector<Real> first = training_batch(images, one, kNoisy, rng).x.values();
  CHECK(!(training_batch(images, one, kNoisy, rng).x.values() == first));
}

TEST_CASE("bits stay bits, and only the likelihood that asks for it dequantises") {
  const Images images = ramp(2);
  const std::vector<std::int64_t> one{1};
  for (const Binarize binarize : {Binarize::statically, Binarize::dynamically}) {
    Rng rng;
    const Shown with{binarize, true}, without{binarize};
    CHECK(test_batch(images, one, with).x.values() == test_batch(images, one, without).x.values());
    for (const Real value : training_batch(images, one, with, rng).x.values()) CHECK((value == 0 || value == 1));
  }
  Config config;
  CHECK(!config.shown().dequantize);
  config.model.likelihood.chosen = ContinuousBernoulliLikelihood{};
  CHECK(config.shown().dequantize);
  config.model.likelihood.chosen = ContinuousBernoulliLikelihood{.dequantize = Dequantize::none};
  CHECK(!config.shown().dequantize);
  config.model.likelihood.chosen = FreeGaussianLikelihood{};
  CHECK(!config.shown().dequantize);
}

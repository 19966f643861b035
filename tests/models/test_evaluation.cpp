// What is measured of a model, against closed forms.
#include "models/evaluation/active_units.h"
#include "tests/misuse.h"
#include "tests/models/latents.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("active units: dimensions whose means vary by more than 0.01, however the images come") {
  // By columns: alternately ±0.11, variance 0.0121; ±0.09, 0.0081; the same far from 0; all alike; and NaN once.
  Tensor means({4, 5});
  Real* at = means.write().data;
  for (int row = 0; row < 4; ++row)
    for (const Real number : {row % 2 ? Real(0.11) : Real(-0.11), row % 2 ? Real(0.09) : Real(-0.09),
                              1000 + (row % 2 ? Real(0.125) : Real(-0.125)), Real(3), row == 2 ? Real(NAN) : Real(row)})
      *at++ = number;
  ActiveUnits whole, parts;
  whole.add(means);
  parts.add(slice(means, 0, 0, 1));
  parts.add(slice(means, 0, 1, 4));
  CHECK(whole.count() == 2);
  const std::vector<double> variances = whole.variances();
  const double right[] = {0.0121, 0.0081, 0.015625, 0};
  for (int i = 0; i < 4; ++i) {
    CHECK(std::abs(variances[i] - right[i]) < 1e-7);  // two roundings of 0.1 in float
    CHECK(parts.variances()[i] == variances[i]);
  }
  CHECK(std::isnan(variances[4]));
  CHECK(ActiveUnits().count() == 0);
  CHECK(error_of([&] { whole.add(zeros({2, 4})); }) == "[active_units] there were 5 dimensions, and now 4");
  CHECK(error_of([&] { whole.add(zeros({2})); }) == "[active_units] means are (images, dimensions), not (2)");
}

TEST_CASE("active units of a model are those of its posterior means") {
  Vae vae = tiny_vae({GaussianCode{}});
  set(vae.latent, "mean.weight", concat({full({1, 6}, 9), zeros({2, 6})}, 0));  // only the first dimension moves
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 9 * 7; ++i) pixels.push_back(static_cast<std::uint8_t>(i * i * 37));
  const Images images{.name = "noise", .count = 9, .height = 1, .width = 7, .pixels = pixels};
  const ActiveUnits units = active_units(vae, images, {});
  CHECK(units.count() == 1);
  Rng unused;
  Context context{.training = false, .rng = unused};
  const Tensor means = vae.latent.posterior(test_batch(images, rows_between(0, 9), {}), context)->mean();
  const std::vector<Real> first = slice(means, 1, 0, 1).values();
  double mean = 0, variance = 0;
  for (const Real x : first) mean += static_cast<double>(x) / 9;
  for (const Real x : first) variance += (x - mean) * (x - mean) / 9;
  REQUIRE(units.variances().size() == 3);
  CHECK(std::abs(units.variances()[0] - variance) <= 1e-12 * variance);
  CHECK(units.variances()[1] == 0);
  CHECK(active_units(vae, {}, {}).count() == 0);
}

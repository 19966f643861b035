// What is measured of a model, against closed forms.
#include <array>

#include "models/evaluation/active_units.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/importance.h"
#include "models/evaluation/mmd.h"
#include "models/evaluation/weights.h"
#include "models/training/streams.h"
#include "tests/golden/golden.h"
#include "tests/misuse.h"
#include "tests/models/latents.h"
#include "tests/models/same_bits.h"

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

static Images noise_images(std::int64_t count) {
  std::vector<std::uint8_t> pixels;
  for (std::int64_t i = 0; i < count * kTiny.numel(); ++i) pixels.push_back(static_cast<std::uint8_t>(i * i * 37));
  return {.name = "noise", .count = count, .height = 1, .width = 7, .pixels = pixels};
}

TEST_CASE("active units of a model are those of its posterior means") {
  Vae vae = tiny_vae({GaussianCode{}});
  set(vae.latent, "mean.weight", concat({full({1, 6}, 9), zeros({2, 6})}, 0));  // only the first dimension moves
  const Images images = noise_images(9);
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

TEST_CASE("importance weights: the logarithm of their mean, and how many count, at any size") {
  const double log2 = std::log(2.0);
  for (const double by : {0.0, 5000.0, -5000.0}) {  // e^by has no double
    CAPTURE(by);
    const std::vector<double> weights{by + log2, by, by + 2 * log2, by};  // 2, 1, 4, 1
    CHECK(std::abs(log_mean_exp(weights) - by - log2) <= 1e-11);
    CHECK(std::abs(effective_sample_size(weights) - 64.0 / 22) <= 1e-11);
    // By one: log 8 / 4; by two: ½ (log 3/2 + log 5/2); by four: log 2.
    const std::vector<double> bounds = bounds_by_draws(weights), right{0.75 * log2, 0.5 * std::log(3.75), log2};
    REQUIRE(bounds.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(bounds[i] - by - right[i]) <= 1e-11);
  }
  constexpr double kNone = -INFINITY;
  CHECK(log_mean_exp(std::vector{kNone, kNone}) == kNone);
  CHECK(std::abs(log_mean_exp(std::vector{kNone, 0.0}) + log2) <= 1e-14);
  CHECK(std::isnan(log_mean_exp(std::vector{0.0, double(NAN)})));
  CHECK(std::isnan(effective_sample_size(std::vector{0.0, double(NAN)})));
  CHECK(effective_sample_size(std::vector{0.0, -800.0}) == 1);
  CHECK(halvings(5000) == std::vector<std::int64_t>{1, 2, 4, 9, 19, 39, 78, 156, 312, 625, 1250, 2500, 5000});
  CHECK(halvings(1) == std::vector<std::int64_t>{1});
}

TEST_CASE("importance: a naive twin's numbers, and the same bits for any number of threads") {
  const Vae vae = tiny_vae({GaussianCode{}});
  const Images images = noise_images(70);  // more than are done between two words on how far it is
  const std::int64_t draws = 200;          // more than are made at once
  const Threads restore;
  std::vector<std::int64_t> told;
  set_threads(1);
  const Importance one = importance(vae, images, {}, draws, [&](std::int64_t done) { told.push_back(done); });
  CHECK(told == std::vector<std::int64_t>{64, 70});
  set_threads(3);
  const Importance three = importance(vae, images, {}, draws);
  CHECK(one.each == three.each);
  CHECK(one.each_effective == three.each_effective);
  CHECK(one.log_likelihood == three.log_likelihood);

  double sum = 0, squares = 0, by_one = 0;
  for (std::int64_t i = 0; i < images.count; ++i) {
    Rng rng{.seed = 0, .stream = stream::kImportance, .counter = static_cast<std::uint64_t>(i) << 40};
    Context context{.training = false, .rng = rng};
    const Minibatch batch = test_batch(images, std::array{i}, {});
    const Draw q = vae.latent.draw(batch, draws, {Price::drawn}, context);
    const Tensor log_w = vae.decoder.log_likelihood(batch, q.z, context) - gradus::sum(*q.kl, -1);
    double weights = 0;
    for (const Real w : log_w.values()) {
      weights += std::exp(static_cast<double>(w)) / draws;
      by_one += static_cast<double>(w) / (draws * 70);
    }
    // In float, sums of some ten logarithms in products of other sizes.
    CHECK(std::abs(one.each[i] - std::log(weights)) <= (sizeof(Real) == 8 ? 1e-12 : 1e-5));
    sum += one.each[i];
    squares += one.each[i] * one.each[i];
  }
  CHECK(std::abs(one.log_likelihood - sum / 70) <= 1e-12);
  CHECK(std::abs(one.standard_error - std::sqrt((squares / 70 - sum * sum / 4900) / 69)) <= 1e-10);
  REQUIRE(one.curve.size() == 8);
  CHECK(one.curve[0].draws == 1);
  CHECK(std::abs(one.curve[0].log_likelihood - by_one) <= 1e-5);
  for (std::size_t i = 1; i < 8; ++i) CHECK(one.curve[i].log_likelihood > one.curve[i - 1].log_likelihood);
  CHECK(one.last_gain() == one.curve[7].log_likelihood - one.curve[6].log_likelihood);
  CHECK(error_of([&] { importance(tiny_vae({PointCode{}}), images, {}, 5); }) ==
        "[importance] an autoencoder has no q(z|x), and therefore no bound");
  CHECK(error_of([&] { importance(vae, {}, {}, 5); }) == "[importance] there are no images");
}

TEST_CASE("importance: an image's number is its own, whichever others there are") {
  const Vae vae = tiny_vae({GaussianCode{}});
  const Images all = noise_images(9), few = copied(all, rows_between(0, 3));
  const std::vector<double> each = importance(vae, all, {}, 7).each;
  CHECK(importance(vae, few, {}, 7).each == std::vector<double>(each.begin(), each.begin() + 3));
}

TEST_CASE("evaluation: images and dimensions make up the whole, and squared errors are a naive twin's") {
  const Vae vae = tiny_vae({GaussianCode{}});
  const Images images = noise_images(9);
  const Evaluation found = evaluate(vae, images, {});
  double log_likelihood = 0, kl = 0, by_dimension = 0;
  for (const double x : found.each_log_likelihood) log_likelihood += x / 9;
  for (const double x : found.each_kl) kl += x / 9;
  for (const double x : found.kl_by_dimension) by_dimension += x;
  CHECK(found.kl_by_dimension.size() == 3);
  CHECK(found.each_kl.size() == 9);
  CHECK(std::abs(log_likelihood - found.log_likelihood) <= 1e-12);
  CHECK(std::abs(kl - *found.kl) <= 1e-12);
  CHECK(std::abs(by_dimension - *found.kl) <= 1e-6);  // float sums of three
  const std::vector<double> errors = squared_errors(vae, images, {});
  REQUIRE(errors.size() == 9);
  Rng unused;
  Context context{.training = false, .rng = unused};
  const Minibatch batch = test_batch(images, rows_between(0, 9), {});
  const std::vector<Real> x = batch.x.values(),
                          y = vae.decoder.mean(vae.latent.code(batch, context), {}, context).values();
  for (std::size_t i = 0; i < 9; ++i) {
    double error = 0;
    for (std::size_t d = i * 7; d < i * 7 + 7; ++d) error += (x[d] - y[d]) * (x[d] - y[d]) / 7;
    CHECK(std::abs(errors[i] - error) <= 1e-6 * error);
  }
  const Evaluation point = evaluate(tiny_vae({PointCode{}}), images, {});
  CHECK(point.each_kl.empty());
  CHECK(point.kl_by_dimension.empty());
}

TEST_CASE("mmd: a naive twin's number, small between draws of one distribution, and found between two") {
  Rng rng{.seed = 3};
  const Tensor x = normal({40, 3}, rng), y = normal({40, 3}, rng) * Real(1.5);
  const std::vector<Real> a = x.values(), b = y.values();
  const auto kernel = [](const Real* one, const Real* other) {
    double squares = 0;
    for (int d = 0; d < 3; ++d) squares += (one[d] - other[d]) * (one[d] - other[d]);
    return 6 / (6 + squares);
  };
  double right = 0;
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 40; ++j) {
      if (i != j) right += (kernel(&a[3 * i], &a[3 * j]) + kernel(&b[3 * i], &b[3 * j])) / (40 * 39);
      right -= 2 * kernel(&a[3 * i], &b[3 * j]) / 1600;
    }
  const Discrepancy found = discrepancy(x, y, rng);
  CHECK(std::abs(found.squared - right) <= 1e-6);  // of kernels up to 1, in float
  CHECK(found.draws == 40);

  int large = 0;
  double mean = 0, deviation = 0;
  constexpr int kTimes = 60;
  for (int i = 0; i < kTimes; ++i) {
    const Tensor one = normal({60, 3}, rng), other = normal({60, 3}, rng);
    const Discrepancy null = discrepancy(one, other, rng, 100);
    large += null.p_value <= 0.05;
    mean += null.squared / kTimes;
    deviation += null.null_deviation / kTimes;
  }
  CHECK(large <= 9);  // of 60 times one in twenty: 10 or more come once in a thousand cases
  CHECK(std::abs(mean) <= 4 * deviation / std::sqrt(kTimes));
  const Tensor here = normal({200, 3}, rng), there = normal({200, 3}, rng) + Real(0.5);
  const Discrepancy apart = discrepancy(here, there, rng);
  CHECK(apart.p_value == 1.0 / 401);
  CHECK(apart.squared > 5 * apart.null_deviation);
  CHECK(apart.null_quantile95 < apart.squared);
  CHECK(error_of([&] { discrepancy(x, zeros({40, 2}), rng); }) ==
        "[mmd] two samples are compared, each of two draws or more, and not (40, 3) with (40, 2)");
}

TEST_CASE("evaluation: nothing depends on how many images are taken at once, nor on the threads") {
  Rng rng{.seed = 1};
  const Vae vae = make_vae({.network = {Dense{{40}}}, .latent = 5}, {1, 10, 10}, rng);
  std::vector<std::uint8_t> pixels;
  for (std::int64_t i = 0; i < 100'000; ++i) pixels.push_back(static_cast<std::uint8_t>(i * i * 37));
  const Images images{.name = "noise", .count = 1000, .height = 10, .width = 10, .pixels = pixels};
  const Threads restore;
  set_threads(1);
  const Evaluation one = evaluate(vae, images, {});
  set_threads(3);
  for (const std::int64_t at_once : {100, 128, 252, 1000}) {
    CAPTURE(at_once);
    const Evaluation found = evaluate(vae, images, {}, at_once);
    CHECK(found.each_log_likelihood == one.each_log_likelihood);
    CHECK(found.each_kl == one.each_kl);
    CHECK(*found.elbo() == *one.elbo());
    CHECK(squared_errors(vae, images, {}, at_once) == squared_errors(vae, images, {}));
  }
  // Products of a few rows add up in another order; the noise is the same.
  const Evaluation few = evaluate(vae, images, {}, 4);
  for (std::size_t i = 0; i < 1000; ++i)
    CHECK(std::abs(few.each_log_likelihood[i] - one.each_log_likelihood[i]) <= 1e-4);  // of some 70 nats
  CHECK(images_at_once(empty_vae({.network = {Conv{}}}, {1, 256, 256}), 33) == 36);
}

// tests/golden/importance.safetensors, made in float64 by make_importance.py from other noise.
TEST_CASE("importance: PyTorch's log p(x) from the same checkpoint, to within the standard error") {
  const Golden golden("importance.safetensors");
  Rng rng;
  Vae vae = make_vae({.network = {Dense{{12}}}, .latent = 4, .activation = Activation::tanh}, {1, 5, 6}, rng);
  load_state(vae, golden.below("weights/"));
  Images images{.name = "golden", .count = 12, .height = 5, .width = 6};
  for (const Real pixel : golden["pixels"].values()) images.pixels.push_back(static_cast<std::uint8_t>(pixel));
  constexpr std::int64_t kDraws = 5000;
  const Importance found = importance(vae, images, {}, kDraws);
  const std::vector<Real> log_p = golden["log_p"].values(), error = golden["error"].values();
  double off = 0, variance = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    // Of n draws, m effective ones: a weight's variance is n/m - 1 of the square of its mean.
    const double ours = (kDraws / found.each_effective[i] - 1) / kDraws;
    CHECK(std::abs(found.each[i] - log_p[i]) <= 4 * std::sqrt(error[i] * error[i] + ours) + 1e-5);
    off += (found.each[i] - log_p[i]) / 12;
    variance += (error[i] * error[i] + ours) / 144;
  }
  CHECK(std::abs(off) <= 3 * std::sqrt(variance));
  CHECK(std::sqrt(variance) < 0.01);  // so that 0.03 nats would be seen
}

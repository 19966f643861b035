// What a trained model is used for: codes and what lies between them, mixtures, completions, scores. Each against a
// closed form or a naive twin.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "models/data/one_picture.h"
#include "models/data/picture.h"
#include "models/evaluation/aggregate_fit.h"
#include "models/evaluation/code_files.h"
#include "models/evaluation/completion.h"
#include "models/evaluation/detection.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/evaluation/paths.h"
#include "models/evaluation/principal.h"
#include "models/evaluation/quantized.h"
#include "models/evaluation/scores.h"
#include "models/pictures/base64.h"
#include "models/pictures/gallery.h"
#include "models/pictures/lettering.h"
#include "tests/files.h"
#include "tests/models/latents.h"
#include "tests/models/picture_files.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

namespace {

constexpr double kTight = sizeof(Real) == 4 ? 1e-5 : 1e-12;

/// Grey images of the tiny model's size.
Images tiny_images(std::int64_t count) {
  Images images{.name = "tiny", .count = count, .height = 1, .width = 7};
  for (std::int64_t i = 0; i < count * 7; ++i) images.pixels.push_back(static_cast<std::uint8_t>(i * i * 31 % 256));
  return images;
}

double norm_of(const Tensor& x, std::int64_t row) {
  double sum = 0;
  for (std::int64_t i = 0; i < x.shape()[1]; ++i) sum += std::pow(static_cast<double>(x.view()(row, i)), 2);
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("paths: both ends are the codes themselves, a line is even, and a sphere keeps the norm") {
  const Tensor a = filled({3}, {3, 0, 4}), b = filled({3}, {0, -5, 0});
  for (const Path path : {Path::line, Path::sphere}) {
    const Tensor way = path_between(a, b, 5, path);
    REQUIRE(way.shape() == Shape{5, 3});
    for (int i = 0; i < 3; ++i) {
      CHECK(way.view()(0, i) == a.view()(i));
      CHECK(way.view()(4, i) == b.view()(i));
    }
  }
  const Tensor line = path_between(a, b, 5, Path::line), sphere = path_between(a, b, 5, Path::sphere);
  for (int i = 0; i < 3; ++i) CHECK(std::abs(line.view()(2, i) - (a.view()(i) + b.view()(i)) / 2) <= kTight);
  for (int step = 0; step < 5; ++step) CHECK(std::abs(norm_of(sphere, step) - 5) <= 5 * kTight);
  // Halfway on the sphere between vectors at right angles is at 45 degrees to both.
  CHECK(std::abs(sphere.view()(2, 0) - 3 / std::numbers::sqrt2) <= 5 * kTight);
  CHECK(std::abs(sphere.view()(2, 1) + 5 / std::numbers::sqrt2) <= 5 * kTight);
  // The norm changes evenly where the ends have different ones.
  CHECK(std::abs(norm_of(path_between(a, b * 3, 3, Path::sphere), 1) - 10) <= 10 * kTight);
  // No angle: straight.
  CHECK(std::abs(path_between(a, -a, 3, Path::sphere).view()(1, 2)) <= kTight);
  CHECK(std::abs(path_between(a, zeros({3}), 3, Path::sphere).view()(1, 2) - 2) <= kTight);
  CHECK_THROWS_AS(path_between(a, b, 1, Path::line), Error);
}

TEST_CASE("principal axes: those of a matrix of known eigenvectors, and the plane that codes were laid in") {
  // A = H·D·H for the reflection H = 1 - 2vvᵀ/|v|²: its eigenvectors are H's columns, its eigenvalues D's.
  for (const std::int64_t n : {4, 40}) {
    std::vector<double> v(n), a(n * n);
    double square = 0;
    for (std::int64_t i = 0; i < n; ++i) square += std::pow(v[i] = 1 + static_cast<double>(i % 5), 2);
    const auto h = [&](std::int64_t i, std::int64_t j) { return (i == j) - 2 * v[i] * v[j] / square; };
    const auto value = [&](std::int64_t k) { return k == 2 ? 9. : k == 1 ? 4. : 1 / static_cast<double>(k + 1); };
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t k = 0; k < n; ++k) a[i * n + j] += h(i, k) * value(k) * h(k, j);
    const Eigen found = largest_eigen(a, n, 2);
    CHECK(std::abs(found.values[0] - 9) <= 1e-10);
    CHECK(std::abs(found.values[1] - 4) <= 1e-10);
    for (int which : {0, 1}) {
      double along = 0;
      for (std::int64_t i = 0; i < n; ++i) along += found.vectors[which][i] * h(i, which == 0 ? 2 : 1);
      CHECK(std::abs(std::abs(along) - 1) <= 1e-10);
    }
  }
  // Codes (x, y, 0, 0) turned by a quarter in the plane of axes 0 and 3, and moved.
  Rng rng{.seed = 4};
  const Tensor flat = concat({normal({500, 1}, rng) * 3, normal({500, 1}, rng), zeros({500, 2})}, 1);
  const Real c = Real(0.6), s = Real(0.8);
  const Tensor turn = filled({4, 4}, {c, 0, 0, s, 0, 1, 0, 0, 0, 0, 1, 0, -s, 0, 0, c});
  const Tensor codes = matmul(flat, turn) + filled({4}, {1, 2, 3, 4});
  const Plane plane = plane_of(codes);
  CHECK(std::abs(plane.share - 1) <= 1e-6);
  const Tensor back = plane.codes(plane.coordinates(codes));  // nothing lies outside of the plane
  const std::vector<Real> one = codes.values(), other = back.values();
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(std::abs(one[i] - other[i]) <= 100 * kTight);
  CHECK(plane.axes[0][3] > 0.75);
  CHECK(std::abs(plane.axes[1][1]) > 0.99);
  const Plane whole = plane_of(filled({2, 2}, {5, 6, 7, 8}));  // two dimensions are shown as they are
  CHECK(whole.coordinates(filled({1, 2}, {5, 6}))[0] == std::array{5., 6.});
  CHECK_THROWS_AS(plane_of(zeros({5, 1})), Error);
}

TEST_CASE("mixture: a planted one is found again, has the density of its formula, and is drawn from") {
  Rng rng{.seed = 2};
  const std::vector<Tensor> means = {filled({1, 2}, {-6, 0}), filled({1, 2}, {6, 0}), filled({1, 2}, {0, 8})};
  const std::int64_t counts[] = {1000, 2000, 3000};
  std::vector<Tensor> parts;
  for (int k = 0; k < 3; ++k) parts.push_back(means[k] + normal({counts[k], 2}, rng) * filled({2}, {1, Real(0.5)}));
  const Tensor codes = concat(parts, 0);
  const GaussianMixture found = fit_mixture(codes, 3, rng);
  for (int k = 0; k < 3; ++k) {
    double nearest = 1e9;
    std::int64_t which = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      const double x = found.means.view()(i, 0) - means[k].view()(0, 0),
                   y = found.means.view()(i, 1) - means[k].view()(0, 1);
      if (std::hypot(x, y) < nearest) nearest = std::hypot(x, y), which = i;
    }
    CHECK(nearest <= 5 / std::sqrt(static_cast<double>(counts[k])));  // five standard errors
    CHECK(std::abs(found.weights.view()(which) - static_cast<double>(counts[k]) / 6000) <= 1e-3);
    CHECK(std::abs(found.factors[which].view()(0, 0) - 1) <= 0.12);
    CHECK(std::abs(found.factors[which].view()(1, 1) - 0.5) <= 0.06);
  }
  // The density of one Gaussian with L = (2 0; 1 3) at (1, 1): L⁻¹z = (0.5, 1/6).
  const GaussianMixture one{filled({1}, {1}), zeros({1, 2}), {filled({2, 2}, {2, 0, 1, 3})}};
  const double expected = -0.5 * (0.25 + 1. / 36) - std::log(6) - std::log(2 * std::numbers::pi);
  CHECK(std::abs(one.log_prob(filled({1, 2}, {1, 1})).view()(0) - expected) <= 10 * kTight);
  const Tensor drawn = one.draw(4000, rng);
  const Spread spread = spread_of(drawn);
  CHECK(std::abs(spread.mean[0]) <= 5 * 2 / std::sqrt(4000.));
  CHECK(std::abs(spread.deviation[1] - std::sqrt(10.)) <= 5 * std::sqrt(10. / 8000));
  for (const Real x : one.draw(10, rng, 0).values()) CHECK(x == 0);  // without any temperature, the means
  CHECK_THROWS_AS(fit_mixture(zeros({2, 3}), 3, rng), Error);
}

TEST_CASE("detection: AUROC is the naive count of pairs, and average precision the naive mean") {
  std::vector<double> scores;
  std::vector<bool> abnormal;
  for (int i = 0; i < 60; ++i) {
    scores.push_back(i * 37 % 23 + (i % 3 == 0 ? 4 : 0));  // with ties
    abnormal.push_back(i % 3 == 0);
  }
  double pairs = 0, above = 0, precisions = 0, others = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!abnormal[i]) continue;
    double at_least = 0, found = 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (!abnormal[j]) ++pairs, above += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      if (scores[j] >= scores[i]) ++at_least, found += abnormal[j];
    }
    precisions += found / at_least;
    ++others;
  }
  const Detection told = detection(scores, abnormal);
  CHECK(std::abs(told.auroc.value - above / pairs) <= 1e-12);
  CHECK(std::abs(told.average_precision.value - precisions / others) <= 1e-12);
  CHECK(told.auroc.low < told.auroc.value);
  CHECK(told.auroc.high > told.auroc.value);
  // The standard error of Hanley and McNeil's formula; 95 % is ± 1.96 of it, to some 20 % at this size.
  const double A = told.auroc.value, q1 = A / (2 - A), q2 = 2 * A * A / (1 + A), m = 20, n = 40;
  const double error = std::sqrt((A * (1 - A) + (m - 1) * (q1 - A * A) + (n - 1) * (q2 - A * A)) / (m * n));
  CHECK(std::abs((told.auroc.high - told.auroc.low) / (2 * 1.96 * error) - 1) <= 0.2);
  std::vector<double> perfect(abnormal.begin(), abnormal.end());
  CHECK(detection(perfect, abnormal).auroc.low == 1);
  CHECK(detection(perfect, abnormal).average_precision.value == 1);
  for (double& score : perfect) score = -score;
  CHECK(detection(perfect, abnormal).auroc.high == 0);
  CHECK(detection(std::vector<double>(60, 7.0), abnormal).auroc.value == 0.5);
  CHECK(std::abs(detection(std::vector<double>(60, 7.0), abnormal).average_precision.value - 1. / 3) <= 1e-12);
  CHECK_THROWS_AS(detection(scores, std::vector<bool>(60)), Error);
  scores[3] = std::nan("");
  CHECK_THROWS_AS(detection(scores, abnormal), Error);
}

TEST_CASE("scores: their means are the evaluation's, and of grey pixels the most of a Bernoulli is subtracted") {
  const Vae vae = tiny_vae({GaussianCode{}});
  const Images images = tiny_images(23);
  const Evaluation whole = evaluate(vae, images, {}, 10);
  const ImageScores plain = image_scores(vae, images, {}, false, 10), less = image_scores(vae, images, {}, true, 10);
  double elbo = 0, kl = 0;
  for (std::size_t i = 0; i < 23; ++i) elbo += plain.elbo[i] / 23, kl += plain.kl[i] / 23;
  CHECK(std::abs(elbo - *whole.elbo()) <= 10 * kTight);
  CHECK(std::abs(kl - *whole.kl) <= 10 * kTight);
  CHECK(plain.most.empty());
  const Minibatch batch = test_batch(images, rows_between(0, 23), {});
  for (std::int64_t i = 0; i < 23; ++i) {
    double most = 0, ink = 0;
    for (int j = 0; j < 7; ++j) {
      const double x = batch.x.view()(i, j);
      ink += x / 7;
      if (x > 0 && x < 1) most += x * std::log(x) + (1 - x) * std::log(1 - x);
    }
    CHECK(std::abs(less.most[i] - most) <= 10 * kTight);
    CHECK(std::abs(less.elbo[i] - (plain.elbo[i] - most)) <= 10 * kTight);
    CHECK(less.log_likelihood[i] <= kTight);  // a divergence below 0
    CHECK(std::abs(less.ink[i] - ink) <= kTight);
  }
  CHECK(typicality(std::vector<double>{-3, 1}, -1) == std::vector<double>{2, 2});
  const ImageScores of_points = image_scores(tiny_vae({PointCode{}}), images, {}, false, 10);
  CHECK(of_points.elbo.empty());
  CHECK(of_points.log_likelihood.size() == 23);
}

TEST_CASE("encoded: codes, deviations and divergences are the latent's own, whatever is taken at once") {
  const Vae vae = tiny_vae({GaussianCode{}});
  const Images images = tiny_images(23);
  const Encoded all = encoded(vae, images, {}, 10);
  Rng rng;
  Context context{.training = false, .rng = rng};
  const Minibatch batch = test_batch(images, rows_between(0, 23), {});
  const Normal q = *vae.latent.posterior(batch, context);
  REQUIRE(all.codes.shape() == Shape{23, 3});
  REQUIRE(all.kl.size() == 3);
  const std::vector<Real> images_back = decoded(vae, all.codes, {}, 10),
                          direct = vae.decoder.mean(vae.latent.code(batch, context), {}, context).values();
  for (std::size_t i = 0; i < direct.size(); ++i) CHECK(std::abs(images_back[i] - direct[i]) <= kTight);
  for (int z = 0; z < 3; ++z) {
    double kl = 0;
    for (int i = 0; i < 23; ++i) {
      const double mean = q.loc.view()(i, z), v = q.log_variance.view()(i, z);
      CHECK(std::abs(all.codes.view()(i, z) - mean) <= kTight);
      CHECK(std::abs(all.deviations->view()(i, z) - std::exp(v / 2)) <= kTight);
      kl += 0.5 * (mean * mean + std::exp(v) - v - 1) / 23;
    }
    CHECK(std::abs(all.kl[z] - kl) <= 10 * kTight);
  }
  CHECK(encoded(tiny_vae({VampCode{.pseudo_inputs = 4}}), images, {}, 10).kl.empty());  // does not split
  CHECK_FALSE(encoded(tiny_vae({PointCode{}}), images, {}, 10).deviations.has_value());
  CHECK(encoded(tiny_vae({TwoLayerCode{}}), images, {}, 10).kl.size() == 3);  // the lower layer's
}

TEST_CASE("temperature: 1 is the prior to the bit, and what is Gaussian is drawn in to its mean") {
  for (const Codes& code : {Codes{GaussianCode{}}, Codes{LaplaceCode{}}, Codes{FlowCode{}}, Codes{PointCode{}},
                            Codes{SparseCode{}}, Codes{VampCode{.pseudo_inputs = 4}}, Codes{TwoLayerCode{}}}) {
    CAPTURE(code.name());
    const Vae vae = tiny_vae(code);
    REQUIRE(vae.latent.tempers());
    const auto drawn = [&](Real temperature) {
      Rng rng{.seed = 8};
      return vae.latent.prior(2000, rng, temperature);
    };
    Rng rng{.seed = 8};
    CHECK(drawn(1).values() == vae.latent.prior(2000, rng).values());
    if (code.is<SparseCode>()) continue;  // is clipped to 0 … 1
    const Spread one = spread_of(drawn(1)), half = spread_of(drawn(Real(0.5))), none = spread_of(drawn(0));
    for (int z = 0; z < 3; ++z) {
      if (code.is<VampCode>()) {
        CHECK(half.deviation[z] < one.deviation[z]);
        continue;  // the components' means differ
      }
      CHECK(none.deviation[z] <= kTight);
      if (!code.is<TwoLayerCode>()) CHECK(std::abs(half.deviation[z] - one.deviation[z] / 2) <= 10 * kTight);
    }
  }
  const Vae codebook = tiny_vae({CodebookCode{}});
  CHECK_FALSE(codebook.latent.tempers());
  Rng rng;
  CHECK_THROWS_AS(codebook.latent.prior(2, rng, Real(0.5)), Error);
}

TEST_CASE("quantizer: ends are exact, nothing is further off than half a level, and bytes are counted") {
  Rng rng{.seed = 3};
  const Tensor codes = concat({normal({50, 2}, rng), full({50, 1}, 7)}, 1);
  for (const std::int64_t bits : {1, 4, 8, 16}) {
    const Quantizer quantizer = quantizer_of(codes, bits);
    const Tensor rounded = quantizer(codes);
    CHECK(quantizer.bytes() == (3 * bits + 7) / 8);
    std::set<Real> levels;
    for (std::int64_t i = 0; i < 50; ++i) {
      levels.insert(rounded.view()(i, 0));
      for (int z = 0; z < 2; ++z)
        CHECK(std::abs(rounded.view()(i, z) - codes.view()(i, z)) <= quantizer.step[z] / 2 + 10 * kTight);
      CHECK(rounded.view()(i, 2) == 7);
    }
    CHECK(std::ssize(levels) <= (std::int64_t{1} << bits));
    CHECK(quantizer(rounded).values() == rounded.values());
  }
  CHECK_THROWS_AS(quantizer_of(codes, 17), Error);
  // A square error of 0.01 of pixels in [0, 1] is 20 decibels.
  CHECK(std::abs(Fidelity{.square_error = 0.01}.psnr() - 20) <= 1e-12);
}

namespace {
/// x is z·W, to a deviation of 1.
struct LinearDecoder {
  Tensor weight;  // (Z, D)
  Tensor log_prob(const Minibatch& batch, const Tensor& z, Context&) const {
    const Tensor off = batch.x - matmul(z, weight);
    return off * off / -2;
  }
  Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const {
    return sum(log_prob(batch, z, context), -1);
  }
  Tensor parameters(const Tensor& z, const std::optional<Tensor>&, Context&) const { return matmul(z, weight); }
  Tensor mean(const Tensor& z, const std::optional<Tensor>&, Context&) const { return matmul(z, weight); }
  void members(auto&& visit) { visit("weight", weight); }
};
}  // namespace

TEST_CASE("complete: a linear model's completions are draws of its posterior, and what is missing has no say") {
  const Vae tiny = tiny_vae({GaussianCode{}});
  // Orthogonal rows of squared norm 3, 8 and 0 where x is seen: the posterior of z is a Gaussian of precision
  // |w|² + 1/s² and mean (⟨w, x⟩ + m/s²)/(|w|² + 1/s²), each dimension on its own.
  const Tensor weight = filled({3, 7}, {1, 1, 1, 0, 0, 9, 9, 0, 0, 0, 2, -2, 9, 9, 0, 0, 0, 0, 0, 9, 9});
  const Vae vae{tiny.latent, LinearDecoder{weight}};
  const Tensor seen = filled({1, 7}, {1, 1, 1, 1, 1, 0, 0});
  const Spread prior = prior_spread(vae.latent);
  const auto run = [&](Real missing) {
    Rng rng{.seed = 1};
    return complete(vae, {filled({1, 7}, {1, 2, 3, 4, 2, missing, missing})}, seen, 300, 400, rng);
  };
  const Completions found = run(0);
  const double products[] = {6, 4, 0}, squares[] = {3, 8, 0};
  for (int z = 0; z < 3; ++z) {
    const double precision = 1 / (prior.deviation[z] * prior.deviation[z]);
    const double expected = (products[z] + prior.mean[z] * precision) / (squares[z] + precision);
    const Spread spread = spread_of(found.codes);
    const double deviation = 1 / std::sqrt(squares[z] + precision);
    CHECK(std::abs(spread.mean[z] - expected) <= 5 * deviation / std::sqrt(300.));  // five standard errors
    CHECK(std::abs(spread.deviation[z] / deviation - 1) <= 5 / std::sqrt(2 * 300.));
  }
  CHECK(run(1).codes.values() == found.codes.values());
  CHECK(run(std::numeric_limits<Real>::quiet_NaN()).codes.values() == found.codes.values());
}

TEST_CASE("code files: a table comes back, and the projector is told of every file") {
  const Folder folder;
  const auto at = [&](const char* name) { return folder.path / name; };
  Images images = tiny_images(3);
  images.labels = {0, 1, 0};
  images.classes = {"cat", "a,\"b\""};
  const Tensor codes = filled({3, 2}, {1, Real(-0.25), 3, 4, Real(1e-7), 6});
  for (const char* name : {"codes.csv", "codes.npy"}) {
    write_codes(at(name), codes, images);
    CHECK(read_codes(at(name), 2).codes.values() == codes.values());
    CHECK(read_codes(at(name), 2).labels.values.empty());  // names are no numbers
    CHECK_THROWS_AS(read_codes(at(name), 3), Error);
  }
  CHECK(get(at("codes.csv")).starts_with("label,z0,z1\ncat,1,-0.25\n\"a,\"\"b\"\"\",3,4\n"));
  images.classes = {};
  write_codes(at("codes.csv"), codes, images);
  const auto labels = read_codes(at("codes.csv"), 2).labels.values;
  CHECK(std::vector<std::int64_t>(labels.begin(), labels.end()) == std::vector<std::int64_t>{0, 1, 0});
  write_codes(at("codes.tsv"), codes, images);
  CHECK(get(at("codes.tsv")).starts_with("1\t-0.25\n3\t4\n"));
  CHECK(get(at("codes-metadata.tsv")) == "0\n1\n0\n");
  const std::string config = get(at("codes-config.json"));
  for (const char* part : {"\"tensorPath\": \"codes.tsv\"", "\"metadataPath\": \"codes-metadata.tsv\"",
                           "\"imagePath\": \"codes-sprite.png\""})
    CHECK(contains(config, part));
  const Picture sprite = read_picture(at("codes-sprite.png"), {2, 14});  // two columns of 7 x 1
  CHECK(sprite.pixels[0] == images.pixels[0]);
  CHECK(sprite.pixels[13] == images.pixels[13]);
  CHECK(sprite.pixels[14] == images.pixels[14]);
}

TEST_CASE("pictures: base64 is RFC 4648's, letters have their shapes, and one picture becomes the model's") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xfe\xfd") == "//79");

  Canvas canvas{12, 9, std::vector<std::uint8_t>(12 * 9, 0), 1};
  write_words(canvas, 1, 1, "1?", 200, 1);
  std::string drawn;
  for (int y = 1; y < 8; ++y)
    for (int x = 1; x < 6; ++x) drawn += canvas.pixels[y * 12 + x] == 200 ? '#' : '.';
  CHECK(drawn == "..#...##....#....#....#....#...###.");
  CHECK(std::ranges::count(canvas.pixels, 200) == 10);   // nothing for a letter that is not known
  write_words(canvas, -40, -3, "888888888888", 200, 3);  // partly outside

  const Folder folder;
  const fs::path file = folder.path / "dot.png";
  put(file, png_head(2, 1, 8, kPngColour) + png_rows({std::string("\xff\0\0\0\0\xff", 6)}));
  const Images grey = one_picture(file, {1, 1, 2}), coloured = one_picture(file, {3, 1, 2});
  CHECK(grey.pixels == std::vector<std::uint8_t>{76, 29});  // 0.299·255, 0.114·255
  CHECK(coloured.pixels == std::vector<std::uint8_t>{255, 0, 0, 0, 0, 255});
}

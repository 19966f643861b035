// What a training gives to codes that ask for it: images to begin from, and its codes after each epoch.
#include <set>

#include "models/data/bits.h"
#include "models/data/digits.h"
#include "models/training/trainer.h"
#include "tests/files.h"
#include "tests/models/latents.h"
#include "tests/models/some_digits.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Config latent_config(const Codes& code, const Dataset& data) {
  Config config;
  config.fingerprint = fingerprint(data.train);
  config.model.network = {Dense{{6}}};
  config.model.code = code;
  config.model.latent = 3;
  config.batch_size = 16;
  config.epochs = 1;
  return config;
}

Tensor all_of(const Images& images, std::int64_t count) {
  std::vector<std::int64_t> rows(count);
  for (std::int64_t i = 0; i < count; ++i) rows[i] = i;
  return test_batch(images, rows, Binarize::none).x;
}

std::vector<Real> row(const Tensor& x, std::int64_t i) { return slice(x, 0, i, i + 1).values(); }

}  // namespace

TEST_CASE("latents in training: pseudo-inputs begin from different training images at random, none of those held out") {
  const Dataset data{.name = "digits", .train = generate_digits(60, 0), .test = generate_digits(5, 1)};
  Config config = latent_config({VampCode{.pseudo_inputs = 12}}, data);
  config.validation = 20;
  const Tensor images = all_of(data.train, 60);
  std::vector<std::set<std::int64_t>> taken;
  for (const std::uint64_t seed : {1, 2}) {
    config.seed = seed;
    const Trainer trainer(config, data);
    const Tensor inputs = state(trainer.vae()).at("encoder.pseudo_inputs");
    taken.emplace_back();
    for (std::int64_t n = 0; n < 12; ++n) {
      std::int64_t from = 0;
      while (from < 60 && row(images, from) != row(inputs, n)) ++from;
      REQUIRE(from < 40);
      taken.back().insert(from);
    }
    CHECK(taken.back().size() == 12);
    CHECK(*taken.back().rbegin() >= 12);  // not the first twelve
  }
  CHECK(taken[0] != taken[1]);
}

TEST_CASE("latents in training: after an epoch a Gaussian is fitted to the codes of all training images") {
  const Dataset data{.name = "digits", .train = generate_digits(70, 0), .test = generate_digits(5, 1)};
  Config config = latent_config({PointCode{}}, data);
  config.validation = 10;
  for (const double average : {0.0, 0.9}) {  // of an average's own codes, where it is what is used
    config.ema = average;
    const Folder folder;
    Trainer trainer(config, data);
    trainer.train({folder.path}, {}, never);
    Rng rng;
    Context context{.training = false, .rng = rng};
    const Tensor expected = mean(trainer.vae().latent.code({all_of(data.train, 60)}, context), 0);
    const Tensor fitted = state(trainer.vae()).at("encoder.fitted.mean");
    for (std::int64_t i = 0; i < 3; ++i)  // a sum of 60 codes of about 1
      CHECK(std::abs(fitted.at({i}) - expected.at({i})) <= (sizeof(Real) == 8 ? 1e-13 : 1e-5));
    CHECK(norm(expected).item() > 1e-3);
    CHECK(trainer.save().tensors.at("encoder.fitted.mean").values() == fitted.values());
  }
}

// Conditional models and colour, end to end: training, pictures and evaluation with labels, for every network.
#include <doctest/doctest.h>
#include <png.h>

#include "models/training/trainer.h"
#include "nn/state.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// Coloured squares, labelled by their colour.
Images squares(const char* name, std::int64_t count) {
  Images images{.name = name, .count = count, .height = 7, .width = 5, .channels = 3};
  images.pixels.assign(count * images.pixels_per_image(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t label = i % 3, top = i % 4;
    images.labels.push_back(static_cast<std::uint8_t>(label));
    for (std::int64_t y = top; y < top + 3; ++y)
      for (std::int64_t x = 1; x < 4; ++x) images.pixels[((i * 3 + label) * 7 + y) * 5 + x] = 255;
  }
  return images;
}

Config conditional_config(const Networks& network, const Dataset& data) {
  Config config;
  config.fingerprint = fingerprint(data.train);
  config.sample = data.train.shape();
  config.model.network = network;
  config.model.latent = 3;
  config.model.condition.chosen = LabelCondition{};
  config.batch_size = 30;
  config.epochs = 1;
  settle_condition(config.model.condition, data);
  return config;
}

std::int64_t width_of_png(const std::filesystem::path& path, std::int64_t& height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
  CHECK(image.format == PNG_FORMAT_RGB);
  height = image.height;
  const std::int64_t width = image.width;
  png_image_free(&image);
  return width;
}

}  // namespace

TEST_CASE("a conditional model of coloured images trains, and its decoder does what the label says") {
  const Dataset data{.name = "squares", .train = squares("a", 240), .test = squares("b", 30)};
  for (const Networks& network : {Networks{Dense{{32}}}, {Conv{.hidden = {24}, .channels = {6, 8}}}}) {
    CAPTURE(std::string(network.name()));
    Config config = conditional_config(network, data);
    config.epochs = 80;
    std::get<Adam>(config.optimizer.chosen).lr = 1e-2;
    config.validation = 30;
    const Folder folder;
    const Run run{folder.path};
    std::atomic<bool> stop = false;
    Trainer trainer(config, data);
    REQUIRE(trainer.train(run, {}, stop));
    // The mean of new images of each label is of its colour: the sum of that plane is larger than those of the others.
    for (std::int64_t label = 0; label < 3; ++label) {
      const std::vector<Real> images =
          sample_images(trainer.vae(), 20, 1, 7, condition_of_samples(config.model.condition, label, 20));
      double ink[3] = {0, 0, 0};
      for (std::size_t i = 0; i < images.size(); ++i) ink[i / 35 % 3] += static_cast<double>(images[i]);
      for (std::int64_t other = 0; other < 3; ++other)
        if (other != label) CHECK(ink[label] > 4 * ink[other]);
    }
    // A row of each label in turn: 60 images in rows of 20.
    std::int64_t height = 0;
    const std::int64_t width = width_of_png(run.samples(), height);
    CHECK(width > 4 * height);
    write_samples(folder.path / "one.png", config, trainer.vae(), 6, 1, 2);
    CHECK(width_of_png(folder.path / "one.png", height) > 0);
    width_of_png(run.reconstructions(), height);
    CHECK(contains(error_of([&] { write_samples(folder.path / "none.png", config, trainer.vae(), 6, 1, 3); }),
                   "there is no label 3"));
  }
}

TEST_CASE("what decoder and importance are told is repeated for each draw: draws of one image agree with one by one") {
  const Dataset data{.name = "squares", .train = squares("a", 12), .test = squares("b", 6)};
  const Config config = conditional_config({Dense{{8}}}, data);
  Rng rng{.seed = 4};
  const Vae vae = make_vae(config.model, config.sample, rng);
  Context context{.training = false, .rng = rng};
  const std::vector<std::int64_t> rows{0, 4, 5};
  const Minibatch batch = test_batch(data.test, rows, config.shown());
  const Tensor z = normal({2, 3, 3}, rng);
  const Tensor both = vae.decoder.log_likelihood(batch, z, context);
  for (std::int64_t k = 0; k < 2; ++k) {
    const Tensor one = vae.decoder.log_likelihood(batch, slice(z, 0, k, k + 1), context);
    CHECK(one.values() == slice(both, 0, k, k + 1).values());
  }
}

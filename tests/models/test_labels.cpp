// Labels of a data set as Indices, and a small classifier that learns from them.
#include <doctest/doctest.h>

#include "models/data/digits.h"
#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/optim.h"
#include "nn/pool.h"
#include "nn/sequential.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("labels: those of the rows asked for, and what is refused") {
  Images images{.name = "three", .count = 3, .height = 1, .width = 1, .pixels = {0, 0, 0}, .labels = {7, 0, 255}};
  const Indices labels = labels_at(images, std::vector<std::int64_t>{2, 0, 0});
  CHECK(labels.shape == Shape{3});
  CHECK(std::vector<std::int64_t>(labels.values.begin(), labels.values.end()) == std::vector<std::int64_t>{255, 7, 7});
  CHECK(labels_at(images, {}).shape == Shape{0});
  CHECK(error_of([&] { labels_at(images, std::vector<std::int64_t>{3}); }) ==
        "[labels_at] there is no image 3 among 3");
  CHECK(error_of([&] { labels_at(images, std::vector<std::int64_t>{-1}); }) ==
        "[labels_at] there is no image -1 among 3");
  images.labels.clear();
  CHECK(error_of([&] { labels_at(images, std::vector<std::int64_t>{0}); }) ==
        "[labels_at] the images of \"three\" have no labels");
}

TEST_CASE("labels: a convolutional classifier of generated digits is right on nine of ten that it has not seen") {
  const Images train = generate_digits(2000, 0), test = generate_digits(500, 1);
  Rng rng{.seed = 4};
  Sequential net{Conv2d(1, 8, 5, {.stride = 2, .padding = 2}, Init::he, rng), Activation{}, MaxPool2d{2}, Flatten{},
                 Linear(8 * 7 * 7, 10, Init::fan_in, rng)};
  const auto batch = [](const Images& images, std::span<const std::int64_t> rows) {
    Tensor x({static_cast<std::int64_t>(rows.size()), images.pixels_per_image()});
    fill_batch(images, rows, x.write());
    return reshape(x, {x.shape()[0], 1, images.height, images.width});
  };
  Context context{.training = true, .rng = rng};
  Optimizer optimizer(Adam{.lr = 3e-3});
  for (int epoch = 0; epoch < 3; ++epoch) {
    const Indices order = permutation(train.count, rng);
    for (std::int64_t at = 0; at < train.count; at += 50) {
      const auto rows = std::span<const std::int64_t>(order.values).subspan(at, 50);
      const Tensor x = batch(train, rows);
      Tape tape(parameters(net));
      optimizer.step(net, tape.gradient(cross_entropy(net(x, context), labels_at(train, rows))));
    }
  }
  std::vector<std::int64_t> all(test.count);
  for (std::int64_t i = 0; i < test.count; ++i) all[i] = i;
  context.training = false;
  const double share = accuracy(net(batch(test, all), context), labels_at(test, all));
  MESSAGE("accuracy ", share);
  CHECK(share >= 0.9);
}
